//! The provider with everything as a subject, and its wire format.

use std::sync::Arc;

use catena_core::{AiMessage, Error, Result};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, AskedTool, Event, Finish, Model, Role, ScriptedCall, Setup, Subject,
    ToolChoice, Wire,
};
use serde_json::{Value, json};

use crate::planted::Plant;
use crate::toy::Toy;

pub(crate) struct ToySubject(Plant);

impl ToySubject {
    pub(crate) fn sound() -> Self {
        Self(Plant::Nothing)
    }

    pub(crate) fn with(plant: Plant) -> Self {
        Self(plant)
    }
}

/// Has the live service asked.
pub(crate) const LIVE_SWITCH: &str = "CATENA_LIVE_TOY";
/// Where it is.
pub(crate) const LIVE_URL: &str = "CATENA_LIVE_TOY_URL";

impl Subject for ToySubject {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(Toy::new(setup, self.0)?))
    }

    fn wire(&self) -> &dyn Wire {
        self
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?}", Toy::new(setup, self.0))
    }

    fn live_switch(&self) -> Option<&str> {
        Some(LIVE_SWITCH)
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(Toy::at(&std::env::var(LIVE_URL).map_err(Error::other)?)?))
    }
}

impl Wire for ToySubject {
    fn whole(&self, answer: &Answer) -> Value {
        let call = |call: &ScriptedCall| json!({"id": call.id, "name": call.name, "arguments": call.arguments_text()});
        json!({
            "id": answer.id, "model": answer.model, "text": answer.text(),
            "calls": answer.calls.iter().map(call).collect::<Vec<_>>(), "end": end(answer), "usage": usage(answer),
        })
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let piece = |data: Value| Event::named("piece", data);
        let mut events = vec![piece(json!({"id": answer.id, "model": answer.model}))];
        events.extend(answer.texts.iter().map(|text| piece(json!({"text": text}))));
        for (index, call) in answer.calls.iter().enumerate() {
            events.push(piece(json!({"call": {"index": index, "id": call.id, "name": call.name}})));
            let more = |text: &String| piece(json!({"call": {"index": index, "arguments": text}}));
            events.extend(call.pieces.iter().map(more));
        }
        events.push(piece(json!({"end": end(answer), "usage": usage(answer)})));
        events
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({"fault": message})
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(Event::named("fault", json!({"fault": message})))
    }

    fn unknown_event(&self) -> Option<Event> {
        Some(Event::named("news", json!({"weather": "fine"})))
    }

    fn key_header(&self) -> Option<(&str, &str)> {
        Some(("x-toy-key", ""))
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = body["stream"] == true;
        asked.messages = list(&body["messages"]).iter().map(message).collect();
        asked.stop = list(&body["stop"]).iter().map(text).collect();
        let tool = |tool: &Value| {
            AskedTool::new(text(&tool["name"]), text(&tool["description"]), tool["parameters"].clone())
        };
        asked.tools = list(&body["tools"]).iter().map(tool).collect();
        asked.tool_choice = match &body["tool_choice"] {
            Value::String(choice) if choice == "any" => Some(ToolChoice::Any),
            Value::String(choice) if choice == "none" => Some(ToolChoice::Nothing),
            Value::String(choice) if choice == "auto" => None,
            Value::String(name) => Some(ToolChoice::Named(name.clone())),
            choice => choice["function"]["name"].as_str().map(|name| ToolChoice::Named(name.to_owned())),
        };
        asked.json = body["response_format"]["type"] == "json_object";
        asked.schema = body.get("response_format").filter(|_| !asked.json).cloned();
        asked.model = text(&body["model"]);
        asked
    }
}

fn end(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ToolCalls => "calls",
    }
}

fn usage(answer: &Answer) -> Value {
    answer.usage.map_or(Value::Null, |usage| json!({"in": usage.input_tokens, "out": usage.output_tokens}))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn message(message: &Value) -> AskedMessage {
    let role = match message["role"].as_str() {
        Some("system") => Role::System,
        Some("ai") => Role::Ai,
        Some("tool") => Role::Tool,
        _ => Role::Human,
    };
    let mut asked = AskedMessage::new(role, text(&message["text"]));
    asked.images = list(&message["images"]).iter().map(text).collect();
    asked.files = list(&message["files"]).iter().map(text).collect();
    asked.failed = message["failed"] == true;
    asked.calls =
        list(&message["calls"]).iter().map(|call| (text(&call["name"]), call["arguments"].clone())).collect();
    asked.answers = message["answers"].as_str().map(str::to_owned);
    asked
}
