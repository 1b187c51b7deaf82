//! Answers and streams of the Responses API.

use serde_json::{Value, json};

use super::calls::Calls;
use super::sse::{Event, events};
use super::{is_client, is_of_responses_api, sends_nothing, usage};

pub(super) fn change(recording: &mut Value) {
    if !is_of_responses_api(recording) || !is_client(recording, &["azure_chat", "chat"]) {
        return;
    }
    change_request(recording);
    match recording["input"]["operation"].as_str() {
        Some("stream") => change_stream(recording),
        Some("invoke") => change_answer(recording),
        _ => {}
    }
}

fn change_request(recording: &mut Value) {
    // What the service does not take is an error, and is not left out.
    let messages = recording["input"]["messages"].as_array().into_iter().flatten();
    let mut blocks = messages.filter_map(|message| message["content"].as_array()).flatten();
    if blocks.any(|block| block["type"] == "audio") && recording["expected_result"]["message"].is_object() {
        sends_nothing(recording, "invalid_argument");
        return;
    }
    // The output of a custom tool is an item of its own.
    let Some(input) = recording["expected_request"]["body"]["input"].as_array_mut() else { return };
    let custom = input.iter().filter(|item| item["type"] == "custom_tool_call");
    let custom: Vec<_> = custom.map(|item| item["call_id"].clone()).collect();
    for item in input.iter_mut().filter(|item| item["type"] == "function_call_output") {
        if custom.contains(&item["call_id"]) {
            item["type"] = json!("custom_tool_call_output");
        }
    }
}

fn change_answer(recording: &mut Value) {
    let answer = recording["canned_response"]["json"].clone();
    let has_form = recording["input"].get("structured_output").is_some();
    let result = &mut recording["expected_result"];
    let has_value = result["message"].is_object() || result.get("structured").is_some();
    if has_value && let Some(kind) = failure(&answer) {
        *result = json!({ "error": { "kind": kind } });
        return;
    }
    // A form that was cut off is not filled.
    if result.get("structured").is_some() && answer["incomplete_details"]["reason"] == "max_output_tokens" {
        *result = json!({ "error": { "kind": "output_truncated" } });
        return;
    }
    let items = || answer["output"].as_array().into_iter().flatten();
    // A message without content says nothing, and arguments that are no text do not make the answer unreadable.
    if !has_form
        && result["error"]["kind"] == "invalid_response"
        && items().next().is_some()
        && answer["error"].is_null()
    {
        *result = json!({ "message": { "text": text(&answer), "usage": usage::of(&answer["usage"]) } });
    }
    let calls = || items().filter(|item| item["type"] == "function_call");
    if calls().next().is_some() && result["message"].is_object() {
        // A call without an id for it goes by the id of its item.
        Calls::of_answer(calls()).show(&mut result["message"]);
    }
}

/// What is wrong with a response that the recorded client takes for an empty answer.
fn failure(answer: &Value) -> Option<&'static str> {
    match answer["status"].as_str()? {
        // It says why, or not.
        "failed" => Some("invalid_response"),
        // There is no answer, or not yet.
        "cancelled" | "queued" | "in_progress" => Some("connection"),
        _ => None,
    }
}

/// The texts of a complete response.
fn text(answer: &Value) -> String {
    let items = answer["output"].as_array().into_iter().flatten();
    let parts = items.filter_map(|item| item["content"].as_array()).flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

fn change_stream(recording: &mut Value) {
    let Some(events) = events(recording) else { return };
    let result = &mut recording["expected_result"];
    // An error inside a stream is one, in whatever event the service sends it.
    if result["error"]["kind"] == "invalid_response" && events.events.iter().any(reports_failure) {
        result["error"]["kind"] = json!("stream_error");
    }
    let json = events.events.iter().filter_map(|event| match event {
        Event::Json(value) => Some(value),
        _ => None,
    });
    let json: Vec<_> = json.collect();
    // An answer in one piece is a stream of one.
    if let [answer] = json[..]
        && answer["object"] == "response"
    {
        let text = text(answer);
        let message = json!({ "text": text, "usage": usage::of(&answer["usage"]) });
        *result = json!({ "deltas": [{ "text": text }], "message": message });
        return;
    }
    if !result["message"].is_object() {
        return;
    }
    let ends = ["response.completed", "response.incomplete"];
    let Some(end) = json.iter().find(|event| ends.iter().any(|end| event["type"] == *end)) else {
        // A stream without its last event is not complete: what came is delivered, then an error.
        *result = json!({ "deltas": result["deltas"].take(), "error": { "kind": "connection" } });
        return;
    };
    let Some(deltas) = result["deltas"].as_array_mut() else { return };
    // A text that comes only with the last event is none the less the answer.
    let whole = text(&end["response"]);
    if !whole.is_empty() && deltas.iter().all(|delta| delta.get("text").is_none()) {
        deltas.push(json!({ "text": whole }));
        result["message"]["text"] = whole.into();
        return;
    }
    // Arguments that come in one piece, with the call or with its end, are a piece of their own.
    for item in json.iter().map(|event| &event["item"]).filter(|item| item["type"] == "function_call") {
        let index = deltas.iter().position(|delta| delta["tool_call_chunks"][0]["id"] == item["call_id"]);
        let Some(index) = index.filter(|_| item["arguments"].as_str().is_some_and(|args| !args.is_empty()))
        else {
            continue;
        };
        let piece = &mut deltas[index]["tool_call_chunks"][0];
        let (place, is_first) =
            (piece["index"].clone(), piece["args"].as_str().is_some_and(|args| !args.is_empty()));
        let is_whole = |delta: &Value| {
            let pieces = delta["tool_call_chunks"].as_array().into_iter().flatten();
            pieces.clone().any(|piece| piece["index"] == place && piece["id"].is_null())
        };
        if is_first || !deltas.iter().any(is_whole) {
            deltas[index]["tool_call_chunks"][0]["args"] = Value::Null;
            let rest = json!({ "index": place, "args": item["arguments"] });
            deltas.insert(index + 1, json!({ "tool_call_chunks": [rest] }));
        }
    }
}

fn reports_failure(event: &Event) -> bool {
    match event {
        Event::Error(_) => true,
        Event::Json(value) => value["type"] == "error" || value["type"] == "response.failed",
        _ => false,
    }
}
