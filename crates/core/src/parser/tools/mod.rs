//! Parsers for the tool calls of an answer.

mod call_as;
mod json_tools;
mod key_tools;
mod known_tools;
mod openai_form;
mod reader;
mod typed_tools;

pub use json_tools::JsonOutputToolsParser;
pub use key_tools::JsonOutputKeyToolsParser;
pub use openai_form::{parse_tool_call, parse_tool_calls};
pub(super) use reader::{CallForm, check_readable};
pub use typed_tools::{FirstToolParser, ToolsParser};

use super::failure::failed;
use crate::{Data, Error, FromData, Json, Record, Result, ToolCall};

/// Converts a call to LangChain's form: `{"type": name, "args": {..}}`, and the `id` if requested.
fn as_record(call: &ToolCall, with_id: bool) -> Data {
    let mut record = Record::new();
    record.insert("type", call.name.clone());
    record.insert("args", Data::Record(call.args.clone()));
    if with_id {
        record.insert("id", call.id.clone().map_or(Data::Null, Data::from));
    }
    Data::Record(record)
}

fn json(data: Data) -> Result<Json> {
    Json::from_data(data)
}

/// Creates the error for a call that does not match.
fn misfit(call: &ToolCall, expected: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    let what = format!("tool call `{:.100}`", call.name);
    failed(&what, &Data::Record(call.args.clone()).into_json().to_string(), expected)
}
