//! Single endpoints.

use serde_json::{Value, json};

use super::is_client;

pub(super) fn change(recording: &mut Value) {
    if !is_client(recording, &["sdk", "sdk_azure"]) {
        return;
    }
    // What the service did not send says nothing: it may be as well what holds if nothing is said.
    if let Some(value) = recording["expected_result"].get_mut("value") {
        without_nulls(value);
    }
    // Some services send their models as a bare list.
    let answer = &recording["canned_response"]["json"];
    if recording["input"]["endpoint"] == "models.list" && answer.is_array() {
        recording["expected_result"] = json!({ "value": { "data": answer } });
    }
    // The type of a file is what the caller says; it is not guessed from the name.
    let file = &recording["input"]["arguments"]["file"]["__file"];
    if file.is_object() && file.get("content_type").is_none() {
        let parts = recording.pointer_mut("/expected_request/multipart").and_then(Value::as_array_mut);
        for part in parts.into_iter().flatten().filter(|part| part["filename"].is_string()) {
            part["content_type"] = "application/octet-stream".into();
        }
    }
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(without_nulls);
        }
        _ => {}
    }
}
