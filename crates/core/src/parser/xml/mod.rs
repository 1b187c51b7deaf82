//! XML in the answers of models, read as it comes.

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

/// How deep elements may nest.
const DEPTH: usize = 128;

/// Where a text stopped being XML, and what would have continued it.
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
