//! Errors of the service.

use serde_json::{Value, json};

use super::ends_after;
use super::sse::{Event, events};

pub(super) fn change(recording: &mut Value) {
    let answer = recording["canned_response"].clone();
    let status = answer["status"].as_u64().unwrap_or_default();
    let in_body = answer["json"]["error"].clone();
    // The code of an error in a successful answer says which it is.
    if status == 200
        && in_body.is_object()
        && recording["expected_result"]["error"]["kind"] == "invalid_response"
    {
        recording["expected_result"]["error"] = in_success(&in_body);
    }
    // Waiting does not refill an account, even if the answer asks for a retry.
    if status == 429
        && [&in_body["code"], &in_body["type"]].into_iter().any(|word| word == "insufficient_quota")
    {
        recording["expected_result"] = json!({ "error": of_status(status, &in_body) });
        ends_after(recording, 1);
    }
    // The status of an answer says what is wrong, though its body is cut off or cannot be read.
    let is_cut = answer["end"] == "abort" || answer["headers"].get("content-encoding").is_some();
    let result = &recording["expected_result"];
    let is_lost = result.get("error").is_none_or(|error| error["kind"] == "connection");
    if (400..500).contains(&status) && !matches!(status, 408 | 409 | 429) && is_cut && is_lost {
        recording["expected_result"] = json!({ "error": { "kind": kind_of(status), "status": status } });
        ends_after(recording, 1);
    }
    let Some(error) = recording["expected_result"].get_mut("error").filter(|error| error.is_object()) else {
        return;
    };
    // A code is a text or a number; one of another kind, or an empty one, is none.
    if in_body.get("code").is_some_and(|given| code(given).is_null()) {
        error["code"] = Value::Null;
    }
    // A blank message says nothing.
    if error["server_message"].as_str().is_some_and(|message| message.trim().is_empty()) {
        error["server_message"] = Value::Null;
    }
    // That the input is too long has a kind of its own, however the service says so.
    let in_stream = || {
        let events = events(recording)?.events.into_iter();
        let mut errors = events.filter_map(|event| match event {
            Event::Error(error) => Some(error),
            _ => None,
        });
        errors.next()
    };
    let told = if in_body.is_null() { in_stream().unwrap_or_default() } else { in_body };
    let error = &mut recording["expected_result"]["error"];
    let kind = error["kind"].as_str().unwrap_or_default();
    if matches!(kind, "bad_request" | "invalid_response" | "stream_error") && says_too_long(&told) {
        error["kind"] = json!("context_overflow");
    }
}

/// Our error for one in an event of a stream.
pub(super) fn in_stream(error: &Value) -> Value {
    json!({ "kind": "stream_error", "code": code(&error["code"]), "server_message": error["message"] })
}

fn in_success(error: &Value) -> Value {
    let code = code(&error["code"]);
    let status =
        code.as_str().and_then(|code| code.parse().ok()).filter(|status| (400..600).contains(status));
    let kind = status.map_or("invalid_response", kind_of);
    json!({ "kind": kind, "code": code, "server_message": error["message"] })
}

fn of_status(status: u64, error: &Value) -> Value {
    json!({
        "kind": kind_of(status), "status": status, "code": code(&error["code"]),
        "server_message": error["message"],
    })
}

fn code(code: &Value) -> Value {
    match code {
        Value::String(text) if !text.is_empty() => code.clone(),
        Value::Number(number) => number.to_string().into(),
        _ => Value::Null,
    }
}

fn kind_of(status: u64) -> &'static str {
    match status {
        400 => "bad_request",
        401 => "authentication",
        403 => "permission_denied",
        404 => "not_found",
        409 => "conflict",
        422 => "unprocessable",
        429 => "rate_limit",
        500.. => "server",
        _ => "http_status",
    }
}

fn says_too_long(error: &Value) -> bool {
    let message = error["message"].as_str().or_else(|| error.as_str()).unwrap_or_default();
    let phrases =
        ["maximum context length", "exceeds the context window", "exceeds the available context size"];
    error["code"] == "context_length_exceeded"
        || error["type"] == "exceed_context_size_error"
        || phrases.iter().any(|phrase| message.contains(phrase))
}
