//! Regular expressions on the answers of models.

mod output_parser;
mod python_syntax;

pub use output_parser::RegexParser;
