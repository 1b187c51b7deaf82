//! The model against scripted servers on loopback.
#![expect(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod conformance;
mod conversations;
mod demands;
mod failures;
mod headers;
mod invoke;
mod saved;
mod secrets;
mod streaming;
mod support;
