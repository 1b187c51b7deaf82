//! The wire format of chat completions, as data.

use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, AskedTool, Event, Finish, Role, ScriptedCall, ToolChoice, Wire,
};
use serde_json::{Value, json};

pub(super) struct ChatWire;

impl Wire for ChatWire {
    fn whole(&self, answer: &Answer) -> Value {
        let mut message = json!({"role": "assistant", "content": answer.text(), "refusal": null});
        if !answer.calls.is_empty() {
            message["tool_calls"] =
                answer.calls.iter().map(|call| function(call, &call.arguments_text())).collect();
        }
        json!({
            "id": answer.id, "object": "chat.completion", "created": 1, "model": answer.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish(answer.finish)}],
            "usage": usage(answer),
        })
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let chunk = |choices: Value, usage: Value| {
            Event::json(json!({
                "id": answer.id, "object": "chat.completion.chunk", "created": 1, "model": answer.model,
                "choices": choices, "usage": usage,
            }))
        };
        let delta = |delta: Value, finish: Option<&str>| {
            chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]), Value::Null)
        };
        let mut events = vec![delta(json!({"role": "assistant", "content": ""}), None)];
        events.extend(answer.texts.iter().map(|text| delta(json!({"content": text}), None)));
        for (index, call) in answer.calls.iter().enumerate() {
            let mut begin = function(call, "");
            begin["index"] = index.into();
            events.push(delta(json!({"tool_calls": [begin]}), None));
            events.extend(call.pieces.iter().map(|piece| {
                delta(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}), None)
            }));
        }
        events.push(delta(json!({}), Some(finish(answer.finish))));
        if answer.usage.is_some() {
            events.push(chunk(json!([]), usage(answer)));
        }
        events.push(Event::text("[DONE]"));
        events
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        json!({"error": {"message": message, "type": "kit_error", "param": null, "code": format!("kit_{status}")}})
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(Event::json(json!({"error": {"message": message, "type": "server_error", "code": null}})))
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = body["stream"] == true;
        asked.messages = list(&body["messages"]).iter().map(message).collect();
        asked.stop = texts(&body["stop"]);
        asked.tools = list(&body["tools"]).iter().map(|tool| tool_of(&tool["function"])).collect();
        asked.tool_choice = match &body["tool_choice"] {
            Value::String(word) if word == "required" => Some(ToolChoice::Any),
            Value::String(word) if word == "none" => Some(ToolChoice::Nothing),
            choice => choice["function"]["name"].as_str().map(|name| ToolChoice::Named(name.to_owned())),
        };
        asked.schema = body.pointer("/response_format/json_schema/schema").cloned();
        asked.json = body["response_format"]["type"] == "json_object";
        asked.model = word(&body["model"]);
        asked
    }
}

pub(super) fn usage(answer: &Answer) -> Value {
    let usage = |usage: catena_core::Usage| {
        json!({
            "prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        })
    };
    answer.usage.map_or(Value::Null, usage)
}

/// What a data URL holds.
pub(super) fn data(url: &str) -> String {
    url.split_once(";base64,").map_or(url, |(_, data)| data).to_owned()
}

pub(super) fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A text, or a list of texts.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    text(value).into_iter().chain(list(value).iter().filter_map(text)).collect()
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "tool_calls",
    }
}

fn function(call: &ScriptedCall, arguments: &str) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

fn tool_of(function: &Value) -> AskedTool {
    let text = |name: &str| function[name].as_str().unwrap_or_default().to_owned();
    AskedTool::new(text("name"), text("description"), function["parameters"].clone())
}

fn message(message: &Value) -> AskedMessage {
    let role = match message["role"].as_str() {
        Some("system" | "developer") => Role::System,
        Some("assistant") => Role::Ai,
        Some("tool") => Role::Tool,
        _ => Role::Human,
    };
    let parts = list(&message["content"]);
    let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    let mut asked = AskedMessage::new(role, message["content"].as_str().map_or(text, str::to_owned));
    let urls = parts.iter().filter_map(|part| part["image_url"]["url"].as_str());
    asked.images = urls.map(data).collect();
    let media = |part: &Value| {
        part["input_audio"]["data"].as_str().or_else(|| part["file"]["file_data"].as_str()).map(data)
    };
    asked.files = parts.iter().filter_map(media).collect();
    let call = |call: &Value| {
        let function = &call["function"];
        let arguments = function["arguments"].as_str().and_then(|text| serde_json::from_str(text).ok());
        (function["name"].as_str().unwrap_or_default().to_owned(), arguments.unwrap_or_default())
    };
    asked.calls = list(&message["tool_calls"]).iter().map(call).collect();
    asked.answers = message["tool_call_id"].as_str().map(str::to_owned);
    asked
}
