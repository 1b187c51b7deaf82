//! The text completion model, and its service's way of putting things.

use std::sync::Arc;

use catena_core::Result;
use catena_llm_ollama::{Ollama, OllamaBuilder};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, Event, Model, Role, Separation, Setup, Subject, Wire,
};
use serde_json::{Value, json};

use super::chat_subject::{Chat, asked, end, live_model};

pub(super) struct Text;

impl Subject for Text {
    type Output = String;

    fn model(&self, setup: &Setup) -> Result<Model<String>> {
        Ok(Arc::new(builder(setup).build()?))
    }

    fn wire(&self) -> &dyn Wire {
        self
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?} {:#?}", builder(setup), builder(setup).build())
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_OLLAMA")
    }

    fn live_model(&self) -> Result<Model<String>> {
        Ok(Arc::new(Ollama::new(live_model("MODEL", "llama3.2"))?))
    }
}

fn builder(setup: &Setup) -> OllamaBuilder {
    Ollama::builder()
        .ignore_environment()
        .with_model("llama3.2")
        .with_base_url(&setup.base_url)
        .with_api_key(setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout)
}

impl Wire for Text {
    fn whole(&self, answer: &Answer) -> Value {
        end(answer, json!({"response": answer.text(), "context": [1, 2, 3]}))
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let piece =
            |text: &String| Event::json(json!({"model": answer.model, "response": text, "done": false}));
        let last = Event::json(end(answer, json!({"response": ""})));
        answer.texts.iter().map(piece).chain([last]).collect()
    }

    fn separation(&self) -> Separation {
        Separation::Lines
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        Chat.failure(status, message)
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Chat.failure_event(message)
    }

    fn unknown_event(&self) -> Option<Event> {
        Chat.unknown_event()
    }

    fn request_id_header(&self) -> Option<&str> {
        None
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = asked(&body);
        asked.messages = vec![AskedMessage::new(Role::Human, body["prompt"].as_str().unwrap_or_default())];
        asked
    }
}
