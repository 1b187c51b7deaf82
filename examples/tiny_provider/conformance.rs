//! Proves with the conformance kit that the tiny provider can replace any other.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_testkit::Recorded;
use catena_testkit::conformance::{
    Answer, Asked, AskedMessage, Event, Finish, Model, Role, Setup, Subject, Wire,
};
use serde_json::{Value, json};

use crate::provider::ChatParley;

catena_testkit::chat_conformance!(Parley);

struct Parley;

impl Subject for Parley {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(build(setup)?))
    }

    fn wire(&self) -> &dyn Wire {
        self
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?}", build(setup))
    }

    fn skips(&self) -> &[(&str, &str)] {
        &[
            ("unknown_kept", "it is a tiny provider: it keeps what it knows"),
            ("unknown_events", "a stream of Parley has one kind of event"),
        ]
    }
}

fn build(setup: &Setup) -> Result<ChatParley> {
    let service = ChatParley::service(&setup.base_url, setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout);
    ChatParley::new("parley-1", service)
}

impl Wire for Parley {
    fn whole(&self, answer: &Answer) -> Value {
        json!({ "says": answer.text(), "over": over(answer) })
    }

    fn events(&self, answer: &Answer) -> Vec<Event> {
        let pieces = answer.texts.iter().map(|text| Event::json(json!({ "says": text })));
        pieces.chain([Event::json(json!({ "over": over(answer) }))]).collect()
    }

    fn failure(&self, _status: u16, message: &str) -> Value {
        json!({ "problem": message })
    }

    fn failure_event(&self, message: &str) -> Option<Event> {
        Some(Event::json(json!({ "problem": message })))
    }

    fn read(&self, request: &Recorded) -> Asked {
        let body = request.json();
        let mut asked = Asked::default();
        asked.streamed = body["stream"] == true;
        asked.model = body["model"].as_str().unwrap_or_default().to_owned();
        asked.messages = body["turns"].as_array().into_iter().flatten().map(turn).collect();
        asked
    }
}

fn over(answer: &Answer) -> &'static str {
    if answer.finish == Finish::Length { "too long" } else { "done" }
}

fn turn(turn: &Value) -> AskedMessage {
    let role = match turn["who"].as_str() {
        Some("rules") => Role::System,
        Some("host") => Role::Ai,
        _ => Role::Human,
    };
    AskedMessage::new(role, turn["says"].as_str().unwrap_or_default())
}
