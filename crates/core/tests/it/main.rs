//! What core promises, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

mod batch;
mod errors;
mod faults;
mod limits;
mod load;
mod parser_failures;
mod parser_growth;
mod repair;
mod streaming;
mod structured_output;
mod support;
mod tool;
mod tools;
#[cfg(feature = "tracing")]
mod tracing;
mod typed_parsers;
