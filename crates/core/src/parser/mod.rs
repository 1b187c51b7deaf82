//! Output parsers: from what a model says to what a program needs.

mod str_output_parser;

pub use str_output_parser::StrOutputParser;
