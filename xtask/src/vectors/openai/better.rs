//! What our client does better than the recorded one: the result that binds instead of the recorded result.

use serde_json::{Value, json};

use super::better_endpoints;

/// The recording with our result in place of the recorded one, where we give another on purpose. Only recordings that
/// leave it open can have one.
pub(super) fn instead_of(recording: &Value) -> Value {
    let mut recording = recording.clone();
    if recording["conformance"] == "recorded" {
        let id = recording["id"].as_str().unwrap_or_default().to_owned();
        change(&id, &mut recording["expected_result"]);
        change_exchanges(&id, &mut recording);
        better_endpoints::change(&mut recording);
    }
    recording
}

/// Each change with its reason.
fn change(id: &str, result: &mut Value) {
    match id {
        // Details are named alike whatever the service tier; the tier is in the metadata.
        "chat-param-service-tier-store-metadata" => {
            result["message"]["usage"]["input_token_details"] = json!({ "cache_read": 4 });
            result["message"]["usage"]["output_token_details"] = json!({ "reasoning": 5 });
        }
        // Who sends a message without a role sends an answer all the same.
        "chat-res-role-missing" => {
            let usage = json!({ "input_tokens": 9, "output_tokens": 3, "total_tokens": 12 });
            *result = json!({ "message": { "text": "no role", "finish_reason": "stop", "usage": usage } });
        }
        // The code says which error it is.
        "chat-res-error-object-in-200" => {
            *result =
                json!({ "error": { "kind": "server", "code": "502", "server_message": "Upstream failed" } });
        }
        // Arguments that are no text are what they are.
        "chat-tools-arguments-as-object" => {
            let usage = json!({ "input_tokens": 9, "output_tokens": 3, "total_tokens": 12 });
            let call = json!({ "id": "call_o", "name": "get_weather", "args": { "city": "Lyon" } });
            *result =
                json!({ "message": { "tool_calls": [call], "finish_reason": "tool_calls", "usage": usage } });
        }
        // Refusals are kept in streams too.
        "stream-refusal-deltas" => result["message"]["refusal"] = "I can't.".into(),
        // A stream without a finish reason and without an end mark is not complete: the text is delivered, then an error.
        "stream-err-truncated-clean" => {
            let deltas = result["deltas"].take();
            *result = json!({ "deltas": deltas, "error": { "kind": "connection" } });
        }
        // What some servers write as a field of its own is the error all the same.
        "stream-err-error-field-line" => {
            let error = json!({ "kind": "stream_error", "code": "500", "server_message": "slot failed" });
            *result = json!({ "deltas": result["deltas"].take(), "error": error });
        }
        // An event without data is none, as the standard says.
        "frame-event-without-data" => {
            *result = json!({
                "deltas": [{ "text": "a" }, { "text": "b" }], "message": { "text": "ab", "finish_reason": "stop" }
            });
        }
        // The last event counts, though the empty line after it is missing.
        "frame-last-event-unterminated" => *result = kept(" lost?"),
        "frame-last-event-unterminated-no-newline" => *result = kept(" tail"),
        // An answer in one piece is a stream of one.
        "frame-json-body-instead-of-sse" => {
            let usage = json!({ "input_tokens": 9, "output_tokens": 3, "total_tokens": 12 });
            *result = json!({
                "deltas": [{ "text": "not streamed" }],
                "message": { "text": "not streamed", "finish_reason": "stop", "usage": usage },
            });
        }
        // What is repeated is said once.
        "stream-tool-id-name-repeated" => {
            result["deltas"][1]["tool_call_chunks"][0]["name"] = Value::Null;
            result["message"]["tool_calls"][0]["name"] = "get_weather".into();
        }
        // A call that was cut off is none, and its text is kept.
        "stream-tool-invalid-arguments" => {
            let call = json!({ "id": "call_1", "name": "get_weather", "args": "{\"city\": \"Pa" });
            result["message"]["tool_calls"] = Value::Null;
            result["message"]["invalid_tool_calls"] = json!([call]);
        }
        // It is the filter that withheld the answer, and the error says so.
        "azure-finish-content-filter" => *result = json!({ "error": { "kind": "content_filter" } }),
        _ => {}
    }
}

/// Each change of what is sent, with its reason.
fn change_exchanges(id: &str, recording: &mut Value) {
    match id {
        // The path belongs before the query of the base URL.
        "cfg-base-url-query" => {
            recording["expected_request"]["path"] = json!("/proxy/v1/chat/completions");
            recording["expected_request"]["query"] = json!([["tenant", "7"]]);
        }
        // Waiting does not refill an account.
        "retry-insufficient-quota-still-retried" => {
            recording["more_exchanges"] = json!([]);
            recording["expected_attempts"] = json!(1);
            recording["expected_delays"] = json!([]);
        }
        _ => {}
    }
}

fn kept(more: &str) -> Value {
    let text = format!("kept{more}");
    json!({ "deltas": [{ "text": "kept" }, { "text": more }], "message": { "text": text, "finish_reason": "stop" } })
}
