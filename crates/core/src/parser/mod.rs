//! Output parsers: from what a model says to what a program needs.

mod budget;
mod failure;
mod feedback;
mod functions;
mod json;
mod list;
mod message_reader;
mod output_parser;
mod refusal;
mod repair;
mod stepwise;
mod str_output_parser;
mod tools;
mod typed;

pub use failure::ParseFailure;
pub use functions::{JsonKeyOutputFunctionsParser, JsonOutputFunctionsParser, OutputFunctionsParser};
pub(crate) use json::parse_partial_data;
pub use json::{
    Json, JsonDiffParser, JsonOutputParser, JsonPatch, JsonPatchOperation, parse_and_check_json_markdown,
    parse_json_markdown, parse_partial_json,
};
pub use list::{CommaSeparatedListOutputParser, MarkdownListOutputParser, NumberedListOutputParser};
pub use output_parser::OutputParser;
pub use repair::{OutputFixingParser, RetryOutputParser};
pub use str_output_parser::StrOutputParser;
pub use tools::{
    FirstToolParser, JsonOutputKeyToolsParser, JsonOutputToolsParser, ToolsParser, parse_tool_call,
    parse_tool_calls,
};
#[cfg(feature = "schemars")]
pub use typed::parse;
pub use typed::{JsonSchemaOutputParser, Parsed, TypedOutputParser};
