//! Parsers that ask a model again when they cannot read an answer.

mod attempts;
mod fixing;
mod retry;

pub use fixing::OutputFixingParser;
pub use retry::RetryOutputParser;

use crate::Error;

/// What is told about an answer that could not be read.
fn feedback(error: &Error) -> String {
    error.parse_failure().map_or_else(|| error.message().to_owned(), super::ParseFailure::feedback)
}
