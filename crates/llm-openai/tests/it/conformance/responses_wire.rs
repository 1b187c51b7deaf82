//! The wire format of responses, as data.

use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, AskedTool, Event, Finish, Role, ScriptedCall, ToolChoice, Wire,
};
use serde_json::{Value, json};

use super::chat_wire::{ChatWire, data, list, word};

pub(super) struct ResponsesWire;

impl Wire for ResponsesWire {
    fn whole(&self, answer: &Answer) -> Value {
        let texts = (!answer.texts.is_empty()).then(|| said(&answer.text()));
        let calls =
            answer.calls.iter().enumerate().map(|(at, call)| called(at, call, &call.arguments_text()));
        response(answer, texts.into_iter().chain(calls).collect())
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let event = |kind: &str, mut event: Value| {
            event["type"] = format!("response.{kind}").into();
            Event::json(event)
        };
        let mut events =
            vec![event("created", json!({"response": {"id": answer.id, "status": "in_progress"}}))];
        let first_call = usize::from(!answer.texts.is_empty());
        if first_call == 1 {
            let mut item = said("");
            item["content"] = json!([]);
            events.push(event("output_item.added", json!({"output_index": 0, "item": item})));
            let part =
                |text: &str| json!({"item_id": "msg_1", "output_index": 0, "content_index": 0, "text": text});
            events.extend(answer.texts.iter().map(|text| {
                let mut delta = part("");
                delta["delta"] = text.as_str().into();
                event("output_text.delta", delta)
            }));
            events.push(event("output_text.done", part(&answer.text())));
            let done = json!({"output_index": 0, "item": said(&answer.text())});
            events.push(event("output_item.done", done));
        }
        for (at, call) in answer.calls.iter().enumerate() {
            let index = first_call + at;
            let item = |arguments: &str| json!({"output_index": index, "item": called(at, call, arguments)});
            events.push(event("output_item.added", item("")));
            let delta = |piece: &String| json!({"item_id": format!("fc_{at}"), "output_index": index, "delta": piece});
            let pieces = call.pieces.iter().map(|piece| event("function_call_arguments.delta", delta(piece)));
            events.extend(pieces);
            events.push(event("output_item.done", item(&call.arguments_text())));
        }
        events.push(event(status(answer), json!({"response": self.whole(answer)})));
        events
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        ChatWire.failure(status, message)
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(Event::json(json!({"type": "error", "code": "server_error", "message": message, "param": null})))
    }

    fn unknown_event(&self) -> Option<Event> {
        Some(Event::json(json!({"type": "response.daydream.delta", "output_index": 0, "delta": "clouds"})))
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = body["stream"] == true;
        list(&body["input"]).iter().for_each(|item| read_item(item, &mut asked.messages));
        asked.tools = list(&body["tools"]).iter().map(tool).collect();
        asked.tool_choice = match &body["tool_choice"] {
            Value::String(word) if word == "required" => Some(ToolChoice::Any),
            Value::String(word) if word == "none" => Some(ToolChoice::Nothing),
            choice => choice["name"].as_str().map(|name| ToolChoice::Named(name.to_owned())),
        };
        asked.schema = body.pointer("/text/format/schema").cloned();
        asked.json = body.pointer("/text/format/type").is_some_and(|kind| kind == "json_object");
        asked.model = word(&body["model"]);
        asked
    }
}

fn response(answer: &Answer, output: Vec<Value>) -> Value {
    let usage = answer.usage.map(|usage| {
        json!({
            "input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        })
    });
    json!({
        "id": answer.id, "object": "response", "created_at": 1, "status": status(answer), "model": answer.model,
        "output": output, "usage": usage,
    })
}

fn status(answer: &Answer) -> &'static str {
    if answer.finish == Finish::Length { "incomplete" } else { "completed" }
}

fn said(text: &str) -> Value {
    let part = json!({"type": "output_text", "text": text, "annotations": []});
    json!({"type": "message", "id": "msg_1", "role": "assistant", "content": [part]})
}

fn called(at: usize, call: &ScriptedCall, arguments: &str) -> Value {
    json!({
        "type": "function_call", "id": format!("fc_{at}"), "call_id": call.id, "name": call.name,
        "arguments": arguments,
    })
}

fn tool(tool: &Value) -> AskedTool {
    let text = |name: &str| tool[name].as_str().unwrap_or_default().to_owned();
    AskedTool::new(text("name"), text("description"), tool["parameters"].clone())
}

/// Adds what an item of the input says; calls belong to the message of the model before them, if there is one.
fn read_item(item: &Value, messages: &mut Vec<AskedMessage>) {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    match item["type"].as_str() {
        Some("function_call") => {
            if messages.last().is_none_or(|last| last.role != Role::Ai) {
                messages.push(AskedMessage::new(Role::Ai, ""));
            }
            let arguments: Value = serde_json::from_str(&text("arguments")).unwrap_or_default();
            if let Some(last) = messages.last_mut() {
                last.calls.push((text("name"), arguments));
            }
        }
        Some("function_call_output") => {
            let mut result = AskedMessage::new(Role::Tool, text("output"));
            result.answers = Some(text("call_id"));
            messages.push(result);
        }
        _ => messages.push(read_message(item)),
    }
}

fn read_message(item: &Value) -> AskedMessage {
    let role = match item["role"].as_str() {
        Some("system" | "developer") => Role::System,
        Some("assistant") => Role::Ai,
        _ => Role::Human,
    };
    let parts = list(&item["content"]);
    let text: String = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    let mut message = AskedMessage::new(role, item["content"].as_str().map_or(text, str::to_owned));
    let urls = parts.iter().filter_map(|part| part["image_url"].as_str());
    message.images = urls.map(data).collect();
    let media =
        |part: &Value| part["input_audio"]["data"].as_str().or_else(|| part["file_data"].as_str()).map(data);
    message.files = parts.iter().filter_map(media).collect();
    message
}
