//! The report of a violated law.

use std::fmt;

/// A violated law, and the observed difference.
///
/// # Example
/// See the [module](crate::laws).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LawViolation {
    /// The name of the law, which is also that of the method that checks it.
    pub law: &'static str,
    /// The input that shows the violation, and the situation.
    pub input: String,
    /// What the law requires.
    pub expected: String,
    /// What was observed.
    pub got: String,
}

impl LawViolation {
    pub(super) fn new(
        law: &'static str,
        input: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        Self { law, input: input.into(), expected: expected.into(), got: got.into() }
    }
}

impl fmt::Display for LawViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { law, input, expected, got } = self;
        write!(f, "the {law} law does not hold\n    input: {input}\n expected: {expected}\n      got: {got}")
    }
}

impl std::error::Error for LawViolation {}
