//! Tool calls as OpenAI sends them.

use serde_json::Value;

use crate::message::read_arguments;
use crate::parser::unreadable::unreadable;
use crate::{Error, ErrorKind, Result, ToolCall};

/// Reads a tool call in OpenAI's form: `{"id", "function": {"name", "arguments": text}}`. `None` for what is no call of a
/// function.
///
/// Of a `partial` call, what there is of the arguments counts, and one without any is none yet. Control characters may
/// stand in texts as they are, unless it is `strict`.
///
/// # Errors
/// [`ErrorKind::Parse`] for arguments that are no JSON object, naming the function. Partial ones give `None`.
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
    let name = function.get("name").and_then(Value::as_str).unwrap_or_default();
    let text = match function.get("arguments") {
        Some(Value::String(text)) if !(partial && text.trim().is_empty()) => text.as_str(),
        _ if partial => return Ok(None),
        None | Some(Value::Null) => "",
        Some(_) => return Err(unreadable("tool call", name, &function.to_string(), strict)),
    };
    let args = match read_arguments(text, partial, strict) {
        Some(args) => args,
        None if partial => return Ok(None),
        None => return Err(unreadable("tool call", name, text, strict)),
    };
    let id = raw.get("id").and_then(Value::as_str).map(str::to_owned);
    let mut call = ToolCall::new(name, args);
    call.id = id;
    Ok(Some(call))
}

/// Reads each of these with [`parse_tool_call`]; what is no call of a function is left out.
///
/// # Errors
/// [`ErrorKind::Parse`] with the texts of all errors, and the place of the first, if there are any.
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
