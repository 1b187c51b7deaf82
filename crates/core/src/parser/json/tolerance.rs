//! Deviations from standard JSON that are accepted.

/// The deviations from standard JSON that are accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// Backticks and white space around the text are ignored.
    pub(super) trim: bool,
    /// Control characters other than newlines must be escaped.
    pub(super) strict: bool,
    /// Everything after the outermost value is ignored, even brackets.
    pub(super) tail: bool,
    /// A string that ends within an escape keeps the text before it.
    pub(super) hold: bool,
}
