//! What our client does better than the recorded one: the result that binds instead of the recorded result.

use serde_json::{Value, json};

/// The recording with our result in place of the recorded one, where we give another on purpose. Only recordings that
/// leave it open can have one.
pub(super) fn instead_of(recording: &Value) -> Value {
    let mut recording = recording.clone();
    if recording["conformance"] != "recorded" {
        return recording;
    }
    let id = recording["id"].as_str().unwrap_or_default().to_owned();
    change(&id, &mut recording["expected_result"]);
    change_exchanges(&id, &mut recording);
    recording
}

/// Each change with its reason.
fn change(id: &str, result: &mut Value) {
    match id {
        // Who sends a message without a role sends an answer all the same.
        "chat-res-role-missing" => {
            *result = json!({ "message": { "text": "no role", "finish_reason": "stop", "usage": {
            "input_tokens": 9, "output_tokens": 3, "total_tokens": 12
        } } })
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
