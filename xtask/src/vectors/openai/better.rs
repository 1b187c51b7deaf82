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
        _ => {}
    }
}
