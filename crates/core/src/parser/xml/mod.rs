//! Incremental parsing of XML in the answers of models.

mod element;
mod envelope;
mod namespaces;
mod open_elements;
mod output_parser;
mod reader;
mod tag;
#[cfg(test)]
mod tests;
mod text;

pub use element::Xml;
pub use output_parser::XmlOutputParser;

/// The maximum nesting depth of elements.
const DEPTH: usize = 128;

/// The position where a text stopped being XML, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failure {
    at: usize,
    expected: std::borrow::Cow<'static, str>,
}

impl Failure {
    fn new(at: usize, expected: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { at, expected: expected.into() }
    }
}
