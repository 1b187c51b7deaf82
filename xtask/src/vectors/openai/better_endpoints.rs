//! What our client does better in streams of the Responses API and with embeddings, by what a recording shows.

use serde_json::{Value, json};

/// Each change with its reason.
pub(super) fn change(recording: &mut Value) {
    let result = &recording["expected_result"];
    let is_response =
        recording["expected_request"]["path"].as_str().is_some_and(|path| path.ends_with("/responses"));
    // An error inside a stream is one, in whatever event the service sends it.
    if is_response && result["deltas"].is_array() && result["error"]["kind"] == "invalid_response" {
        recording["expected_result"]["error"]["kind"] = json!("stream_error");
    }
    if recording["input"]["client"] == "embeddings" {
        change_embeddings(recording);
    }
}

fn change_embeddings(recording: &mut Value) {
    let body = recording["canned_response"]["json"].clone();
    // That the input is too long has a kind of its own.
    if body["error"]["message"].as_str().is_some_and(|message| message.contains("maximum context length")) {
        recording["expected_result"]["error"]["kind"] = json!("context_overflow");
    }
    let data = body["data"].as_array().cloned().unwrap_or_default();
    let Some(vectors) = recording["expected_result"]["embeddings"].as_array().cloned() else { return };
    // A vector too few belongs to no text.
    let inputs = recording["expected_request"]["body"]["input"].as_array();
    if inputs.is_some_and(|inputs| inputs.len() != data.len()) {
        recording["expected_result"] = json!({ "error": { "kind": "invalid_response" } });
        return;
    }
    // Those of the pieces of a text are one.
    if vectors.len() != data.len() {
        return;
    }
    // A vector belongs to the text that its index names.
    let mut numbered: Vec<_> = data.iter().map(|item| item["index"].as_u64()).zip(vectors).collect();
    numbered.sort_by_key(|(index, _)| *index);
    recording["expected_result"]["embeddings"] = numbered.into_iter().map(|(_, vector)| vector).collect();
}
