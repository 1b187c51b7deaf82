//! The chat model, and its service's way of putting things.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_llm_ollama::{ChatOllama, ChatOllamaBuilder};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, AskedTool, Event, Finish, Model, Role, Separation, Setup, Subject, Wire,
};
use serde_json::{Value, json};

pub(super) struct Chat;

impl Subject for Chat {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(builder(setup).build()?))
    }

    fn wire(&self) -> &dyn Wire {
        self
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?} {:#?}", builder(setup), builder(setup).build())
    }

    fn skips(&self) -> &[(&str, &str)] {
        &[
            ("tool_errors", "Ollama has no word for a tool that failed: its result says so"),
            ("live_image", "most models see nothing: `vision::live_image` asks one that does"),
        ]
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_OLLAMA")
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(ChatOllama::new(live_model("MODEL", "llama3.2"))?))
    }
}

/// The name of a model that is there: of the variable `CATENA_LIVE_OLLAMA_` and this.
pub(super) fn live_model(which: &str, default: &str) -> String {
    std::env::var(format!("CATENA_LIVE_OLLAMA_{which}")).unwrap_or_else(|_| default.to_owned())
}

/// A model that sees, to be asked about an image.
pub(super) struct Vision;

impl Subject for Vision {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Chat.model(setup)
    }

    fn wire(&self) -> &dyn Wire {
        &Chat
    }

    fn shown(&self, setup: &Setup) -> String {
        Chat.shown(setup)
    }

    fn live_switch(&self) -> Option<&str> {
        Chat.live_switch()
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(ChatOllama::new(live_model("VISION_MODEL", ""))?))
    }

    fn skip_reason(&self, _: &str) -> Option<&str> {
        let named = !live_model("VISION_MODEL", "").is_empty();
        (!named).then_some("CATENA_LIVE_OLLAMA_VISION_MODEL names no model that reads images")
    }
}

fn builder(setup: &Setup) -> ChatOllamaBuilder {
    ChatOllama::builder()
        .ignore_environment()
        .with_model("llama3.2")
        .with_base_url(&setup.base_url)
        .with_api_key(setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout)
}

impl Wire for Chat {
    fn whole(&self, answer: &Answer) -> Value {
        let mut message = json!({"role": "assistant", "content": answer.text()});
        if !answer.calls.is_empty() {
            message["tool_calls"] = calls(answer);
        }
        end(answer, json!({"message": message}))
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let line = |message: Value| {
            let created_at = "2026-01-01T00:00:00.5Z";
            Event::json(
                json!({"model": answer.model, "created_at": created_at, "message": message, "done": false}),
            )
        };
        let texts = answer.texts.iter().map(|text| line(json!({"role": "assistant", "content": text})));
        let mut events: Vec<Event> = texts.collect();
        if !answer.calls.is_empty() {
            events.push(line(json!({"role": "assistant", "content": "", "tool_calls": calls(answer)})));
        }
        let last = json!({"message": {"role": "assistant", "content": ""}});
        events.push(Event::json(end(answer, last)));
        events
    }

    fn separation(&self) -> Separation {
        Separation::Lines
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({"error": message})
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(Event::json(json!({"error": message})))
    }

    fn unknown_event(&self) -> Option<Event> {
        Some(Event::json(json!({"status": "loading model"})))
    }

    fn request_id_header(&self) -> Option<&str> {
        None
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = asked(&body);
        asked.messages = list(&body["messages"]).iter().map(message).collect();
        asked.tools = list(&body["tools"]).iter().map(|tool| tool_of(&tool["function"])).collect();
        asked
    }
}

/// What requests of both kinds say in the same way.
pub(super) fn asked(body: &Value) -> Asked {
    let mut asked = Asked::default();
    asked.streamed = body["stream"] == true;
    asked.stop = list(&body["options"]["stop"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    asked.schema = Some(body["format"].clone()).filter(Value::is_object);
    asked.json = body["format"] == "json";
    asked.model = body["model"].as_str().unwrap_or_default().to_owned();
    asked
}

/// The last line of an answer.
pub(super) fn end(answer: &Answer, mut line: Value) -> Value {
    let finish = if answer.finish == Finish::Length { "length" } else { "stop" };
    line["model"] = answer.model.as_str().into();
    line["created_at"] = "2026-01-01T00:00:01Z".into();
    line["done"] = true.into();
    line["done_reason"] = finish.into();
    line["total_duration"] = 4_935_886_791_u64.into();
    if let Some(usage) = answer.usage {
        line["prompt_eval_count"] = usage.input_tokens.into();
        line["eval_count"] = usage.output_tokens.into();
    }
    line
}

fn calls(answer: &Answer) -> Value {
    let call = |call: &catena_testkit::conformance::ScriptedCall| json!({"id": call.id, "function": {"name": call.name, "arguments": call.arguments()}});
    answer.calls.iter().map(call).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn tool_of(function: &Value) -> AskedTool {
    let text = |name: &str| function[name].as_str().unwrap_or_default().to_owned();
    AskedTool::new(text("name"), text("description"), function["parameters"].clone())
}

fn message(message: &Value) -> AskedMessage {
    let role = match message["role"].as_str() {
        Some("system") => Role::System,
        Some("assistant") => Role::Ai,
        Some("tool") => Role::Tool,
        _ => Role::Human,
    };
    let mut asked = AskedMessage::new(role, message["content"].as_str().unwrap_or_default());
    asked.images = list(&message["images"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let call = |call: &Value| {
        let function = &call["function"];
        (function["name"].as_str().unwrap_or_default().to_owned(), function["arguments"].clone())
    };
    asked.calls = list(&message["tool_calls"]).iter().map(call).collect();
    asked.answers = message["tool_call_id"].as_str().map(str::to_owned);
    asked
}
