//! Places in a text: how far it can be read off, and where it fails.

use crate::Error;
use crate::parser::failure::failed_at;

/// A prefix of the text that is a value once its open texts, lists and objects are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parser) struct Mark {
    /// Where the prefix ends.
    pub(in crate::parser) cut: usize,
    /// Where the last byte ends that makes a difference: the same `seen`, the same value.
    pub(in crate::parser) seen: usize,
}

/// Where the text stopped being JSON, and what would have continued it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failure {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

impl Failure {
    /// The error for this text.
    pub(super) fn error(self, text: &str) -> Error {
        failed_at("JSON", text, self.at, self.expected)
    }
}
