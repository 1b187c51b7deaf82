//! Tool calls in OpenAI's format.

use serde_json::Value;

use crate::message::read_arguments;
use crate::parser::unreadable::{OBJECT, unreadable};
use crate::{Error, ErrorKind, Result, ToolCall};

/// Parses a tool call in OpenAI's format: `{"id", "function": {"name", "arguments": text}}`. `None` if it is not a
/// function call.
///
/// If `partial`, truncated arguments are parsed as far as they go, and a call without any gives `None`. Unescaped
/// control characters are allowed in strings unless `strict`.
///
/// # Errors
/// [`ErrorKind::MissingKey`] for a function without `name` or `arguments`, though either may be null or empty;
/// [`ErrorKind::Parse`] for arguments that are not a JSON object, naming the function. Partial ones give `None`.
///
/// # Example
/// ```
/// use catena_core::parse_tool_call;
/// use serde_json::json;
/// let raw = json!({"id": "call_1", "function": {"name": "add", "arguments": "{\"a\": 1}"}});
/// let call = parse_tool_call(&raw, false, false)?.unwrap();
/// assert_eq!((call.name.as_str(), call.args.len()), ("add", 1));
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn parse_tool_call(raw: &Value, partial: bool, strict: bool) -> Result<Option<ToolCall>> {
    let Some(function) = raw.get("function") else { return Ok(None) };
    if let Some(key) = ["name", "arguments"].into_iter().find(|key| !partial && function.get(key).is_none()) {
        let message =
            format!("missing `{key}` in the function of the tool call: {:.200}", function.to_string());
        return Err(Error::new(ErrorKind::MissingKey, message));
    }
    let name = function.get("name").and_then(Value::as_str).unwrap_or_default();
    let text = match function.get("arguments") {
        Some(Value::String(text)) if !(partial && text.trim().is_empty()) => text.as_str(),
        _ if partial => return Ok(None),
        Some(Value::Null) => "",
        _ => return Err(unreadable("tool call", name, &function.to_string(), OBJECT, strict)),
    };
    let args = match read_arguments(text, partial, strict) {
        Some(args) => args,
        None if partial => return Ok(None),
        None => return Err(unreadable("tool call", name, text, OBJECT, strict)),
    };
    let id = raw.get("id").and_then(Value::as_str).map(str::to_owned);
    let mut call = ToolCall::new(name, args);
    call.id = id;
    Ok(Some(call))
}

/// Parses each of these with [`parse_tool_call`]; calls that are not function calls are omitted.
///
/// # Errors
/// [`ErrorKind::Parse`] with the messages of all parsing errors and the position of the first, if there are any. A
/// structurally malformed call ends parsing with its own error.
///
/// # Example
/// ```
/// use catena_core::parse_tool_calls;
/// use serde_json::json;
/// let raw = [json!({"function": {"name": "f", "arguments": "{}"}}), json!({"type": "other"})];
/// assert_eq!(parse_tool_calls(&raw, false, false)?.len(), 1);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn parse_tool_calls(raw: &[Value], partial: bool, strict: bool) -> Result<Vec<ToolCall>> {
    let (mut calls, mut errors) = (Vec::new(), Vec::new());
    for call in raw {
        match parse_tool_call(call, partial, strict) {
            Ok(call) => calls.extend(call),
            Err(error) if error.kind() == ErrorKind::MissingKey => return Err(error),
            Err(error) => errors.push(error),
        }
    }
    match errors.len() {
        0 => Ok(calls),
        1 => Err(errors.remove(0)),
        _ => {
            let texts: Vec<&str> = errors.iter().take(5).map(Error::message).collect();
            let all = Error::new(ErrorKind::Parse, texts.join("\n"));
            Err(match errors[0].parse_failure() {
                Some(first) => all.with_parse_failure(first.clone()),
                None => all,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(function: Value, partial: bool, expected: Result<Option<usize>, ErrorKind>) {
        let raw = json!({"id": "1", "function": function});
        let read = parse_tool_call(&raw, partial, false).map(|call| call.map(|call| call.args.len()));
        assert_eq!(read.map_err(|error| error.kind()), expected, "{raw}");
    }

    #[test]
    fn what_is_there_is_read_and_what_is_missing_is_an_error() {
        check(json!({"name": "f", "arguments": "{\"a\": 1}"}), false, Ok(Some(1)));
        check(json!({"name": null, "arguments": null}), false, Ok(Some(0)));
        check(json!({"name": "f", "arguments": ""}), false, Ok(Some(0)));
        check(json!({"name": "f", "arguments": "[1]"}), false, Err(ErrorKind::Parse));
        check(json!({"name": "f", "arguments": {"a": 1}}), false, Err(ErrorKind::Parse));
        check(json!({"name": "f"}), false, Err(ErrorKind::MissingKey));
        check(json!({"arguments": "{}"}), false, Err(ErrorKind::MissingKey));
        check(json!({"name": "f"}), true, Ok(None));
        let calls = [json!({"function": {"name": "f", "arguments": "x"}}), json!({"function": {}})];
        let error = parse_tool_calls(&calls, false, false).expect_err("a call without arguments");
        assert_eq!(error.kind(), ErrorKind::MissingKey);
    }
}
