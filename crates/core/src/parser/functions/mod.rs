//! Function calls, the predecessor of tool calls: in a message's `additional_kwargs`, under `function_call`.

mod json_functions;
mod key_functions;
mod raw_functions;

pub use json_functions::JsonOutputFunctionsParser;
pub use key_functions::JsonKeyOutputFunctionsParser;
pub use raw_functions::OutputFunctionsParser;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::failure::failed;
use super::json::{json_fault, parse_partial_data};
use super::unreadable::unreadable;
use crate::{AiMessage, Error, ErrorKind, FromData, Json, Result};

fn call_of(message: &AiMessage) -> Option<&Map<String, Value>> {
    message.additional_kwargs.get("function_call")?.as_object()
}

fn arguments(call: &Map<String, Value>) -> &str {
    call.get("arguments").and_then(Value::as_str).unwrap_or_default()
}

fn size(chunk: &AiMessage) -> usize {
    call_of(chunk).map_or(0, |call| arguments(call).len() + 1)
}

fn missing(message: &AiMessage) -> Error {
    failed("function call", &message.text(), "a `function_call` in the message's `additional_kwargs`")
}

/// Parses the arguments, `null` for a call without any. `None` while they cannot be parsed yet.
fn read_arguments(call: &Map<String, Value>, complete: bool, strict: bool) -> Result<Option<Json>> {
    let text = arguments(call);
    if !complete {
        return Ok(crate::parser::parse_partial_json(text, strict).ok().map(Json::from));
    }
    if !call.contains_key("arguments") {
        return Ok(Some(Value::Null.into()));
    }
    // The incremental parser accepts unescaped newlines in strings, so strictness is checked separately.
    let is_json = || !strict || serde_json::from_str::<IgnoredAny>(text).is_ok();
    if json_fault(text, strict).is_some() || !is_json() {
        let name = call.get("name").and_then(Value::as_str).unwrap_or_default();
        return Err(unreadable("function call", name, text, "JSON arguments", strict));
    }
    Json::from_data(parse_partial_data(text)?).map(Some)
}

/// Creates an error of the kind [`MissingKey`](ErrorKind::MissingKey) with the details of the failure.
fn missing_in(call: &str, expected: String) -> Error {
    let failed = failed("function call", call, expected);
    let missing = Error::new(ErrorKind::MissingKey, failed.message().to_owned());
    match failed.parse_failure() {
        Some(failure) => missing.with_parse_failure(failure.clone()),
        None => missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(arguments: Option<&str>, strict: bool, expected: Option<Value>) {
        let arguments = arguments.map(|text| ("arguments".to_owned(), text.into()));
        let call: Map<String, Value> = arguments.into_iter().collect();
        let read = read_arguments(&call, true, strict).ok().flatten();
        assert_eq!(read.map(Json::into_value), expected, "{call:?}");
    }

    #[test]
    fn arguments_are_any_json() {
        check(Some(r#"{"a": 1}"#), false, Some(json!({"a": 1})));
        check(Some("[1]"), false, Some(json!([1])));
        check(Some("null"), false, Some(json!(null)));
        check(None, false, Some(json!(null)));
        for wrong in ["", "x", "{} x", "[1", "}"] {
            check(Some(wrong), false, None);
        }
        check(Some("{\"a\": \"x\ny\"}"), false, Some(json!({"a": "x\ny"})));
        check(Some("{\"a\": \"x\ny\"}"), true, None);
    }
}
