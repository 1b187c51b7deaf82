//! The models against scripted and simulated servers on loopback.
#![expect(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod cancellation;
mod configuration;
mod conformance;
mod failures;
mod invoke;
mod parameters;
mod pipes;
mod secrets;
mod streaming;
mod support;
mod transport;
