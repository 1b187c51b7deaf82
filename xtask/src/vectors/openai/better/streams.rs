//! Streams of chat completions and of text completions.

use serde_json::{Map, Value, json};

use super::sse::{Event, Events, events};
use super::{calls, errors, is_client, is_of_responses_api, usage};

pub(super) fn change(recording: &mut Value) {
    let Some(events) = events(recording) else { return };
    if is_of_responses_api(recording) || !is_client(recording, &["azure_chat", "chat", "llm"]) {
        return;
    }
    if is_better(&recording["expected_result"], &events) {
        let ours = if recording["input"]["client"] == "llm" { text(&events) } else { chat(&events) };
        overlay(&mut recording["expected_result"], ours);
    }
    // What Azure's content filter cut off is an error in a stream as in a call.
    let is_azure = recording["input"]["client"] == "azure_chat";
    let result = &mut recording["expected_result"];
    if is_azure && result["message"]["finish_reason"] == "content_filter" {
        *result = json!({ "deltas": result["deltas"].take(), "error": { "kind": "content_filter" } });
    }
    // Usages in a stream are running totals: the last counts.
    let deltas = result["deltas"].as_array().into_iter().flatten();
    if let Some(last) = deltas.filter_map(|delta| delta.get("usage")).next_back().cloned()
        && result["message"].is_object()
    {
        result["message"]["usage"] = last;
    }
}

/// Gives a call that is answered with a stream the deltas that a stream of it would have. True if it is one.
pub(super) fn unfold(recording: &mut Value) -> bool {
    let input = &recording["input"];
    let is_plain = input["operation"] == "invoke" && input.get("structured_output").is_none();
    let is_streamed = input["config"]["streaming"] == true || input["call"]["stream"] == true;
    if !is_plain
        || !is_streamed
        || is_of_responses_api(recording)
        || !is_client(recording, &["azure_chat", "chat"])
    {
        return false;
    }
    recording["expected_result"]["deltas"] = json!([]);
    if let Some(events) = events(recording) {
        recording["expected_result"]["deltas"] = chat(&events)["deltas"].take();
    }
    true
}

/// What a stream shows that the recorded client reads less well than we do.
fn is_better(result: &Value, events: &Events) -> bool {
    let json = || {
        events.events.iter().filter_map(|event| match event {
            Event::Json(value) => Some(value),
            _ => None,
        })
    };
    let choices = || json().filter_map(|event| event["choices"].as_array()).flatten();
    let any = |is: fn(&Event) -> bool| events.events.iter().any(is);
    let has_error = any(|event| matches!(event, Event::Error(_)));
    let is_readable = !any(|event| matches!(event, Event::Unreadable));
    let kind = result["error"]["kind"].as_str().unwrap_or_default();
    // An error is one, in whatever event the service reports it.
    let hides_error = has_error && kind != "stream_error";
    // Events without data, and what is no event, are skipped, as the standard says; so is an event that is null.
    // A stream in another form is read.
    let fails = matches!(kind, "decode" | "invalid_response") && is_readable && choices().next().is_some();
    // The last event counts, though the empty line after it is missing. If it is cut off, the stream is.
    let ignores_the_last = events.is_open && kind.is_empty();
    // A stream without a finish reason and without an end mark is not complete: the text is delivered, then an error.
    let has_end = any(|event| matches!(event, Event::Done))
        || choices().any(|choice| choice["finish_reason"].is_string());
    let ignores_missing_end = !has_end && kind.is_empty() && choices().next().is_some();
    // A stream without any choice is no answer.
    let has_no_answer =
        kind.is_empty() && json().next().is_some() && json().all(|event| event.get("choices").is_none());
    // A stream is one answer, the first; pieces of others do not get into it.
    let mixes =
        choices().any(|choice| choice["index"].as_u64().is_some_and(|index| index > 0)) && kind.is_empty();
    // Refusals are kept.
    let refuses = kind.is_empty() && choices().any(|choice| choice["delta"]["refusal"].is_string());
    hides_error || fails || ignores_the_last || ignores_missing_end || has_no_answer || mixes || refuses
}

/// Our result; what the recorded message has besides stays.
fn overlay(result: &mut Value, mut ours: Value) {
    if let (Some(ours), Some(recorded)) =
        (ours.get_mut("message").and_then(Value::as_object_mut), result["message"].as_object())
    {
        let more = recorded.iter().filter(|(name, _)| !matches!(name.as_str(), "content" | "finish_reason"));
        for (name, value) in more {
            ours.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    *result = ours;
}

/// How the events end: with an error, or `None`. Events after it say nothing.
fn end(events: &Events, finishes: impl Fn(&Value) -> bool) -> (Vec<&Value>, Option<Value>) {
    let (mut read, mut is_complete) = (Vec::new(), false);
    for event in &events.events {
        match event {
            Event::Json(value) => {
                is_complete |= finishes(value);
                read.push(value);
            }
            Event::Error(error) => return (read, Some(errors::in_stream(error))),
            Event::Done => return (read, None),
            Event::Unreadable if events.is_open => return (read, Some(json!({ "kind": "connection" }))),
            Event::Unreadable => return (read, Some(json!({ "kind": "decode" }))),
        }
    }
    let error = (!is_complete).then(|| json!({ "kind": "connection" }));
    (read, error)
}

fn first_choice(event: &Value) -> Option<&Value> {
    let mut choices = event["choices"].as_array()?.iter();
    choices.find(|choice| choice["index"].as_u64().unwrap_or_default() == 0)
}

fn finishes(event: &Value) -> bool {
    first_choice(event).is_some_and(|choice| choice["finish_reason"].is_string())
}

fn chat(events: &Events) -> Value {
    let (read, error) = end(events, finishes);
    let (mut deltas, mut message) = (Vec::new(), Map::new());
    let (mut text, mut refusal, mut has_choice) = (String::new(), String::new(), false);
    for event in read {
        if let Some(counts) = usage::of(&event["usage"]) {
            deltas.push(json!({ "usage": counts }));
            message.insert("usage".to_owned(), counts);
        }
        let Some(choice) = first_choice(event) else { continue };
        has_choice = true;
        // An answer in one piece is a stream of one.
        let delta = choice.get("delta").unwrap_or(&choice["message"]);
        text.push_str(delta["content"].as_str().unwrap_or_default());
        refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        deltas.push(json!({ "text": delta["content"], "tool_call_chunks": calls::pieces(delta) }));
        if choice["finish_reason"].is_string() {
            message.insert("finish_reason".to_owned(), choice["finish_reason"].clone());
        }
    }
    deltas.push(json!({ "tool_call_chunks": calls::last_pieces(&deltas) }));
    let deltas = Value::from(deltas);
    match error {
        Some(error) => json!({ "deltas": deltas, "error": error }),
        None if !has_choice => json!({ "deltas": [], "error": { "kind": "invalid_response" } }),
        None => {
            message.insert("text".to_owned(), text.into());
            message.insert("refusal".to_owned(), refusal.into());
            json!({ "deltas": deltas, "message": message })
        }
    }
}

fn text(events: &Events) -> Value {
    let (read, error) = end(events, finishes);
    let texts = read.into_iter().filter_map(first_choice).filter_map(|choice| choice["text"].as_str());
    let texts: Vec<_> = texts.collect();
    let text = texts.concat();
    match error {
        Some(error) => json!({ "deltas": texts, "error": error }),
        None => json!({ "deltas": texts, "text": text }),
    }
}
