//! Parsers that call a model again when they cannot parse an answer.

mod attempts;
mod fixing;
mod retry;

pub use fixing::OutputFixingParser;
pub use retry::RetryOutputParser;

use crate::Error;

/// Returns the feedback for an answer that could not be parsed.
fn feedback(error: &Error) -> String {
    error.parse_failure().map_or_else(|| error.message().to_owned(), super::ParseFailure::feedback)
}
