//! Answers of chat completions in one piece.

use serde_json::{Map, Value, json};

use super::calls::Calls;
use super::{is_client, is_of_responses_api, usage};

pub(super) fn change(recording: &mut Value) {
    let is_message =
        recording["input"]["operation"] == "invoke" && recording["input"].get("structured_output").is_none();
    let is_chat = is_client(recording, &["azure_chat", "chat"]) && !is_of_responses_api(recording);
    if !is_message || !is_chat || recording["expected_result"]["error"]["kind"] != "invalid_response" {
        return;
    }
    let answer = &recording["canned_response"]["json"];
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    let calls = || message["tool_calls"].as_array().into_iter().flatten();
    // It is the filter that withheld the answer, and the error says so.
    if recording["input"]["client"] == "azure_chat" && choice["finish_reason"] == "content_filter" {
        recording["expected_result"]["error"]["kind"] = json!("content_filter");
        return;
    }
    // Who sends a message without a role sends an answer all the same.
    let has_no_role = message.is_object() && message.get("role").is_none_or(Value::is_null);
    // Arguments that are no object make a call invalid, or are none; they do not make the answer unreadable.
    let has_odd_arguments = calls().any(|call| match &call["function"]["arguments"] {
        Value::String(text) => serde_json::from_str::<Value>(text).is_ok_and(|args| !args.is_object()),
        _ => call["function"].is_object(),
    });
    if has_no_role || has_odd_arguments {
        let text = message["content"].as_str();
        let members = [
            ("text", text.into()),
            ("refusal", message["refusal"].clone()),
            ("finish_reason", choice["finish_reason"].clone()),
            ("usage", usage::of(&answer["usage"]).into()),
        ];
        let mut shown =
            members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>().into();
        Calls::of_answer(calls()).show(&mut shown);
        recording["expected_result"] = json!({ "message": shown });
    }
}
