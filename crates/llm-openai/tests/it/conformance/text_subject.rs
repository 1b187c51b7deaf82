//! The completion model as a subject, and its wire format.

use std::sync::Arc;

use catena_core::Result;
use catena_llm_openai::{OpenAi, OpenAiBuilder};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, Event, Finish, Model, Role, Setup, Subject, Wire,
};
use serde_json::{Value, json};

use super::chat_wire::{ChatWire, texts, usage, word};

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

    fn skips(&self) -> &[(&str, &str)] {
        &[("unknown_events", "a stream of completions has one kind of event")]
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_OPENAI")
    }

    fn live_model(&self) -> Result<Model<String>> {
        Ok(Arc::new(OpenAi::from_env()?))
    }
}

fn builder(setup: &Setup) -> OpenAiBuilder {
    OpenAi::builder()
        .ignore_environment()
        .with_base_url(format!("{}/v1", setup.base_url))
        .with_api_key(setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout)
}

impl Wire for Text {
    fn whole(&self, answer: &Answer) -> Value {
        let mut body = envelope(answer, &answer.text(), Some(answer.finish));
        body["usage"] = usage(answer);
        body
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let pieces = answer.texts.iter().map(|text| Event::json(envelope(answer, text, None)));
        let end = [Event::json(envelope(answer, "", Some(answer.finish))), Event::text("[DONE]")];
        pieces.chain(end).collect()
    }

    fn failure(&self, status: u16, message: &str) -> Value {
        ChatWire.failure(status, message)
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        ChatWire.failure_event(message)
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = body["stream"] == true;
        asked.messages = vec![AskedMessage::new(Role::Human, body["prompt"].as_str().unwrap_or_default())];
        asked.stop = texts(&body["stop"]);
        asked.model = word(&body["model"]);
        asked
    }
}

fn envelope(answer: &Answer, text: &str, finish: Option<Finish>) -> Value {
    let finish = finish.map(|finish| if finish == Finish::Length { "length" } else { "stop" });
    json!({
        "id": answer.id, "object": "text_completion", "created": 1, "model": answer.model,
        "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": finish}],
    })
}
