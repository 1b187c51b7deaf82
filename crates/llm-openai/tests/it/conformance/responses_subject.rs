//! The chat model as a subject, over the Responses API.

use std::sync::Arc;

use catena_core::{AiMessage, Result};
use catena_llm_openai::ChatOpenAi;
use catena_testkit::conformance::{Model, Setup, Subject, Wire};

use super::chat_subject::builder;
use super::responses_wire::ResponsesWire;

pub(super) struct Responses;

impl Subject for Responses {
    type Output = AiMessage;

    fn model(&self, setup: &Setup) -> Result<Model<AiMessage>> {
        Ok(Arc::new(builder(setup).with_use_responses_api(true).build()?))
    }

    fn wire(&self) -> &dyn Wire {
        &ResponsesWire
    }

    fn shown(&self, setup: &Setup) -> String {
        format!("{:?}", builder(setup).with_use_responses_api(true).build())
    }

    fn skips(&self) -> &[(&str, &str)] {
        &[
            ("streaming_law", "as in LangChain, the blocks of a streamed answer keep their index"),
            ("finish_reason", "the Responses API reports a status, which is kept, and no finish reason"),
            ("tool_errors", "the Responses API has no field for a failed tool: the result text says so"),
        ]
    }

    fn live_switch(&self) -> Option<&str> {
        Some("CATENA_LIVE_OPENAI")
    }

    fn live_model(&self) -> Result<Model<AiMessage>> {
        Ok(Arc::new(ChatOpenAi::builder().with_use_responses_api(true).build()?))
    }
}
