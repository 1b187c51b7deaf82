//! The test servers, seen from a client that reads raw bytes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod client;
mod disconnects;
mod faults;
mod framing;
mod load;
mod requests;
mod simulated;
mod timing;
