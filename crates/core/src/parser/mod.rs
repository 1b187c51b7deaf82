//! Output parsers: from what a model says to what a program needs.

mod failure;
mod json;
mod list;
mod output_parser;
mod stepwise;
mod str_output_parser;

pub use failure::ParseFailure;
pub(crate) use json::parse_partial_data;
pub use json::{
    Json, JsonDiffParser, JsonOutputParser, JsonPatch, JsonPatchOperation, parse_and_check_json_markdown,
    parse_json_markdown, parse_partial_json,
};
pub use list::{CommaSeparatedListOutputParser, MarkdownListOutputParser, NumberedListOutputParser};
pub use output_parser::OutputParser;
pub use str_output_parser::StrOutputParser;
