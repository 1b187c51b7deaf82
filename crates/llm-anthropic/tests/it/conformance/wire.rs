//! The wire format of the Messages API, as data.

use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, AskedTool, Event, Finish, Role, ScriptedCall, ToolChoice, Wire,
};
use serde_json::{Value, json};

pub(super) struct Messages;

impl Wire for Messages {
    fn whole(&self, answer: &Answer) -> Value {
        let text = answer.text();
        let text = (!text.is_empty()).then(|| json!({"type": "text", "text": text}));
        let calls = answer.calls.iter().map(|call| tool_use(call, call.arguments()));
        let mut message = message(answer, text.into_iter().chain(calls).collect());
        message["stop_reason"] = reason(answer.finish).into();
        message["usage"] = usage(answer);
        message
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let mut events = vec![event("message_start", json!({"message": message(answer, Vec::new())}))];
        let mut index = 0;
        let mut block = |begin: Value, deltas: Vec<Value>| {
            events.push(event("content_block_start", json!({"index": index, "content_block": begin})));
            events.push(event("ping", json!({})));
            let delta = |delta| event("content_block_delta", json!({"index": index, "delta": delta}));
            events.extend(deltas.into_iter().map(delta));
            events.push(event("content_block_stop", json!({"index": index})));
            index += 1;
        };
        if !answer.texts.is_empty() {
            let deltas = answer.texts.iter().map(|text| json!({"type": "text_delta", "text": text}));
            block(json!({"type": "text", "text": ""}), deltas.collect());
        }
        for call in &answer.calls {
            let delta = |piece| json!({"type": "input_json_delta", "partial_json": piece});
            block(tool_use(call, json!({})), call.pieces.iter().map(delta).collect());
        }
        let end = json!({"stop_reason": reason(answer.finish), "stop_sequence": null});
        events.push(event("message_delta", json!({"delta": end, "usage": usage(answer)})));
        events.push(event("message_stop", json!({})));
        events
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        json!({"type": "error", "error": {"type": format!("kit_{status}"), "message": message}})
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(event("error", json!({"error": {"type": "overloaded_error", "message": message}})))
    }

    fn unknown_event(&self) -> Option<Event> {
        Some(event("message_mood", json!({"mood": {"good": true}})))
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = body["stream"] == true;
        let system = body.get("system").map(|system| AskedMessage::new(Role::System, text(system)));
        asked.messages =
            system.into_iter().chain(list(&body["messages"]).iter().flat_map(messages)).collect();
        asked.stop = list(&body["stop_sequences"]).iter().map(word).collect();
        let tool = |tool: &Value| {
            AskedTool::new(word(&tool["name"]), word(&tool["description"]), tool["input_schema"].clone())
        };
        asked.tools = list(&body["tools"]).iter().map(tool).collect();
        asked.tool_choice = match body["tool_choice"]["type"].as_str() {
            Some("any") => Some(ToolChoice::Any),
            Some("none") => Some(ToolChoice::Nothing),
            Some("tool") => Some(ToolChoice::Named(word(&body["tool_choice"]["name"]))),
            _ => None,
        };
        asked.schema = body.pointer("/output_config/format/schema").cloned();
        asked.model = word(&body["model"]);
        asked
    }

    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("x-api-key", ""))
    }
}

fn event(name: &str, mut data: Value) -> Event {
    data["type"] = name.into();
    Event::named(name, data)
}

fn message(answer: &Answer, content: Vec<Value>) -> Value {
    json!({
        "id": answer.id, "type": "message", "role": "assistant", "model": answer.model, "content": content,
        "stop_reason": null, "stop_sequence": null, "usage": null,
    })
}

fn tool_use(call: &ScriptedCall, input: Value) -> Value {
    json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
}

fn reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
        Finish::ToolCalls => "tool_use",
    }
}

fn usage(answer: &Answer) -> Value {
    let counts = |usage: catena_core::Usage| json!({"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens});
    answer.usage.map_or(Value::Null, counts)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The text of content.
fn text(content: &Value) -> String {
    let blocks = list(content).iter().filter_map(|block| block["text"].as_str());
    content.as_str().map_or_else(|| blocks.collect(), str::to_owned)
}

/// A turn as messages: results of tools are messages of their own.
fn messages(turn: &Value) -> Vec<AskedMessage> {
    let content = &turn["content"];
    let of = |kind: &'static str| list(content).iter().filter(move |block| block["type"] == kind);
    let result = |block: &Value| {
        let mut message = AskedMessage::new(Role::Tool, text(&block["content"]));
        message.answers = Some(word(&block["tool_use_id"]));
        message.failed = block["is_error"] == true;
        message
    };
    let mut messages: Vec<AskedMessage> = of("tool_result").map(result).collect();
    let role = if turn["role"] == "assistant" { Role::Ai } else { Role::Human };
    let mut said = AskedMessage::new(role, text(content));
    let source = |block: &Value| word(block["source"].get("data").unwrap_or(&block["source"]["url"]));
    said.images = of("image").map(source).collect();
    said.files = of("document").map(source).collect();
    said.calls = of("tool_use").map(|block| (word(&block["name"]), block["input"].clone())).collect();
    let empty = said == AskedMessage::new(said.role, "");
    if messages.is_empty() || !empty {
        messages.push(said);
    }
    messages
}
