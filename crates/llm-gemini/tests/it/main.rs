//! The models against scripted servers on loopback.
#![expect(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod conformance;
mod demands;
mod embeddings;
mod failures;
mod requests;
mod secrets;
mod streaming;
mod support;
