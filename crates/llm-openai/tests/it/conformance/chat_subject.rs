//! The chat model as a subject.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_llm_openai::{ChatOpenAi, ChatOpenAiBuilder};
use catena_testkit::conformance::{Model, Setup, Subject, Wire};

use super::chat_wire::ChatWire;

pub(super) struct Chat;

impl Subject for Chat {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(builder(setup).build()?))
    }

    fn wire(&self) -> &dyn Wire {
        &ChatWire
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?} {:#?}", builder(setup), builder(setup).build())
    }

    fn skips(&self) -> &[(&str, &str)] {
        &[
            ("unknown_events", "a stream of chat completions has one kind of event"),
            ("tool_errors", "chat completions have no word for a tool that failed: its result says so"),
        ]
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_OPENAI")
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(ChatOpenAi::from_env()?))
    }
}

pub(super) fn builder(setup: &Setup) -> ChatOpenAiBuilder {
    ChatOpenAi::builder()
        .ignore_environment()
        .with_base_url(format!("{}/v1", setup.base_url))
        .with_api_key(setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout)
        // Others than OpenAI are not asked for it by default.
        .with_stream_usage(true)
}
