//! What is tolerated beside JSON.

/// What is tolerated beside JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// Backticks and white space around the text do not count.
    pub(super) trim: bool,
    /// Control characters other than line breaks must be escaped.
    pub(super) strict: bool,
    /// What follows the outermost value does not count, not even brackets.
    pub(super) tail: bool,
    /// A text that ends within an escape keeps what is before it.
    pub(super) hold: bool,
}
