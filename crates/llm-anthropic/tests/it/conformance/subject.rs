//! The chat model as a subject.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_llm_anthropic::{ChatAnthropic, ChatAnthropicBuilder};
use catena_testkit::conformance::{Model, Setup, Subject, Wire};

use super::wire::Messages;

pub(super) struct Chat;

impl Subject for Chat {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(builder(setup).build()?))
    }

    fn wire(&self) -> &dyn Wire {
        &Messages
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?} {:#?}", builder(setup), builder(setup).build())
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_ANTHROPIC")
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(ChatAnthropic::new("claude-haiku-4-5")?))
    }
}

fn builder(setup: &Setup) -> ChatAnthropicBuilder {
    ChatAnthropic::builder()
        .ignore_environment()
        .with_base_url(&setup.base_url)
        .with_api_key(setup.api_key.as_str())
        .with_max_retries(setup.max_retries)
        .with_timer(Arc::clone(&setup.timer))
        .with_first_byte_timeout(setup.first_byte_timeout)
        .with_idle_timeout(setup.idle_timeout)
}
