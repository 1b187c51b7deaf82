//! The chat model as a subject.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_llm_gemini::{ChatGemini, ChatGeminiBuilder};
use catena_testkit::conformance::{Model, Setup, Subject, Wire};

use super::wire::GeminiWire;

pub(super) struct Chat;

impl Subject for Chat {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(builder(setup).build()?))
    }

    fn wire(&self) -> &dyn Wire {
        &GeminiWire
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?} {:#?}", builder(setup), builder(setup).build())
    }

    fn skips(&self) -> &[(&str, &str)] {
        &[
            ("unknown_events", "a stream of `generateContent` has one kind of event"),
            ("end_at_once", "numbers of tokens and what was found may follow the reason why an answer ended"),
        ]
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_GEMINI")
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(ChatGemini::new("gemini-2.5-flash")?))
    }
}

fn builder(setup: &Setup) -> ChatGeminiBuilder {
    ChatGemini::builder()
        .ignore_environment()
        .with_base_url(&setup.base_url)
        .with_api_key(setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout)
}
