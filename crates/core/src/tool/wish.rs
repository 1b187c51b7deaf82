//! The tool calls that a model requests.

use crate::{AiMessage, ToolCall, ToolMessage, ToolStatus};

/// A tool call that the model requests, with valid or invalid arguments.
pub(super) enum Wish {
    Call(ToolCall),
    Invalid { name: String, id: Option<String>, why: String },
}

impl Wish {
    pub(super) fn of(answer: &AiMessage) -> Vec<Self> {
        let calls = answer.tool_calls().iter().cloned().map(Self::Call);
        let invalid = answer.invalid_tool_calls().iter().map(|call| {
            let why = format!(
                "the arguments are not a JSON object: {:.500}",
                call.args.as_deref().unwrap_or_default()
            );
            Self::Invalid { name: call.name.clone().unwrap_or_default(), id: call.id.clone(), why }
        });
        calls.chain(invalid).collect()
    }
}

/// Creates the message that the model receives instead of a result.
pub(super) fn refusal(name: String, id: Option<String>, why: String) -> ToolMessage {
    let mut message = ToolMessage::new(why, id.unwrap_or_default());
    message.name = Some(name);
    message.status = ToolStatus::Error;
    message
}
