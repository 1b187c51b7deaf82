//! Matching of answers against regular expressions.

mod output_parser;
mod python_syntax;

pub use output_parser::RegexParser;
