//! Output parsers: conversion of a model's answer to structured values.

mod answer;
mod boolean;
mod budget;
mod character;
mod combining;
mod datetime;
mod dyn_output_parser;
mod enum_output_parser;
mod failure;
mod feedback;
mod functions;
mod json;
mod list;
mod message_reader;
mod output_parser;
mod refusal;
#[cfg(feature = "regex")]
mod regex;
mod regex_dict;
mod repair;
mod stepwise;
mod str_output_parser;
mod structured;
mod tools;
mod typed;
mod unreadable;
mod whole;
mod xml;
#[cfg(feature = "yaml")]
mod yaml;

pub use answer::WithRaw;
pub(crate) use answer::{AnswerForm, JsonAnswer, RawForm, StructuredAnswerParser, TypedAnswer};
pub use boolean::BooleanOutputParser;
pub use combining::CombiningOutputParser;
pub use datetime::{Datetime, DatetimeOutputParser};
pub use dyn_output_parser::DynOutputParser;
pub use enum_output_parser::EnumOutputParser;
pub use failure::ParseFailure;
pub use functions::{JsonKeyOutputFunctionsParser, JsonOutputFunctionsParser, OutputFunctionsParser};
use json::json_snapshots;
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
pub use repair::{OutputFixingParser, RetryOutputParser};
pub use str_output_parser::StrOutputParser;
pub use structured::{ResponseSchema, StructuredOutputParser};
pub use tools::{
    FirstToolParser, JsonOutputKeyToolsParser, JsonOutputToolsParser, ToolsParser, parse_tool_call,
    parse_tool_calls,
};
#[cfg(feature = "schemars")]
pub use typed::parse;
pub(crate) use typed::read_as;
pub use typed::{JsonSchemaOutputParser, Parsed, TypedOutputParser};
pub use xml::{Xml, XmlOutputParser};
#[cfg(feature = "yaml")]
pub use yaml::YamlOutputParser;
