//! Positions in a text: up to where it can be read, and where it is invalid.

use crate::Error;
use crate::parser::failure::failed_at;

/// A prefix of the text that is a valid value once its open strings, lists and objects are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parser) struct Mark {
    /// The end of the prefix.
    pub(in crate::parser) cut: usize,
    /// The end of the last significant byte: with the same `seen`, the value is the same.
    pub(in crate::parser) seen: usize,
}

/// The position where the text stopped being JSON, and what was expected there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

impl Failure {
    /// Creates the error for this text.
    pub(super) fn error(self, text: &str) -> Error {
        failed_at("JSON", text, self.at, self.expected)
    }
}
