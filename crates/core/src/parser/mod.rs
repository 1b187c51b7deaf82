//! Output parsers: from what a model says to what a program needs.

mod boolean;
mod character;
mod combining;
mod datetime;
mod dyn_output_parser;
mod enum_output_parser;
mod failure;
mod json;
mod list;
mod output_parser;
#[cfg(feature = "regex")]
mod regex;
mod regex_dict;
mod stepwise;
mod str_output_parser;
mod structured;
mod whole;
mod xml;
#[cfg(feature = "yaml")]
mod yaml;

pub use boolean::BooleanOutputParser;
pub use combining::CombiningOutputParser;
pub use datetime::{Datetime, DatetimeOutputParser};
pub use dyn_output_parser::DynOutputParser;
pub use enum_output_parser::EnumOutputParser;
pub use failure::ParseFailure;
pub(crate) use json::parse_partial_data;
pub use json::{
    Json, JsonDiffParser, JsonOutputParser, JsonPatch, JsonPatchOperation, parse_and_check_json_markdown,
    parse_json_markdown, parse_partial_json,
};
pub use list::{CommaSeparatedListOutputParser, MarkdownListOutputParser, NumberedListOutputParser};
pub use output_parser::OutputParser;
#[cfg(feature = "regex")]
pub use regex::RegexParser;
pub use regex_dict::RegexDictParser;
pub use str_output_parser::StrOutputParser;
pub use structured::{ResponseSchema, StructuredOutputParser};
pub use xml::{Xml, XmlOutputParser};
#[cfg(feature = "yaml")]
pub use yaml::YamlOutputParser;
