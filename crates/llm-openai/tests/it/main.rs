//! The models against scripted and simulated servers on loopback.
#![expect(clippy::expect_used, reason = "a test fails by panicking, in its helpers too")]

mod azure;
mod batch_answers;
mod batch_beginnings;
mod batches;
mod configuration;
mod conformance;
mod demands;
mod embeddings;
mod failures;
mod faults;
mod invoke;
mod parameters;
mod pipes;
mod responses;
mod responses_servers;
mod restart;
mod retries;
mod saved;
mod secrets;
mod streaming;
mod support;
mod transport;
mod wire_names;
