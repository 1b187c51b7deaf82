//! Conversion of values to tool calls.

use super::ToolCall;
use super::like::{invalid, missing};
use super::tool_arguments::parse;
use crate::{Data, Error, ErrorKind, Record, Result};

/// Converts tool calls from `{"name", "args", "id"}` or OpenAI's `{"id", "function": {"name", "arguments": text}}`.
pub(super) fn read_calls(calls: Data) -> Result<Vec<ToolCall>> {
    match calls {
        Data::Null => Ok(Vec::new()),
        Data::List(calls) => calls.into_iter().map(read_call).collect(),
        other => Err(invalid(format!("`tool_calls` must be a list, not {}", other.kind()))),
    }
}

fn read_call(call: Data) -> Result<ToolCall> {
    let text = |data: &Data, name: &str| data.get(name).and_then(Data::as_text).map(str::to_owned);
    let mut read = ToolCall { id: text(&call, "id"), ..ToolCall::default() };
    match call.get("function") {
        Some(function) => {
            read.name = text(function, "name").ok_or_else(|| missing("tool call", "function.name"))?;
            let Some(args) = function.get("arguments") else {
                return Err(missing("tool call", "function.arguments"));
            };
            read.args = read_args(&read.name, args.clone())?;
        }
        None => {
            read.name = text(&call, "name").ok_or_else(|| missing("tool call", "name"))?;
            read.args = read_args(&read.name, call.get("args").cloned().unwrap_or_default())?;
        }
    }
    Ok(read)
}

fn read_args(name: &str, args: Data) -> Result<Record> {
    match args {
        Data::Record(args) => Ok(args),
        Data::Null => Ok(Record::new()),
        Data::Text(text) => parse(&text, false).ok_or_else(|| {
            let message =
                format!("the arguments of the tool call `{name:.100}` are not a JSON object: {text:.200}");
            Error::new(ErrorKind::Parse, message)
        }),
        other => Err(invalid(format!(
            "the arguments of the tool call `{name:.100}` must be an object, not {}",
            other.kind()
        ))),
    }
}
