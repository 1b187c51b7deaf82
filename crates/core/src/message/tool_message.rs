//! The result of a tool call.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::message_type::message_type;
use super::{Content, ContentBlock};
use crate::Chunk;

message_type! {
    /// The result of a tool call.
    ///
    /// When deserialized, content that is neither text nor blocks becomes its JSON text.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ToolMessage, ToolStatus};
    /// let mut message = ToolMessage::new("no such city", "call_1");
    /// message.status = ToolStatus::Error;
    /// assert_eq!(message.tool_call_id, "call_1");
    /// ```
    ToolMessage reads content with "any_content" {
        /// The id of the call that this is the result of.
        #[serde(deserialize_with = "crate::message::serde_help::needed_id")]
        tool_call_id: String,
        /// Whether the tool succeeded.
        #[serde(default, skip_serializing_if = "ToolStatus::is_success")]
        status: ToolStatus,
        /// Output of the tool for the application only; it is not sent to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        artifact: Option<Value>,
    }
}

/// Whether a tool call succeeded.
///
/// # Example
/// ```
/// assert_eq!(catena_core::ToolStatus::default(), catena_core::ToolStatus::Success);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// The call succeeded.
    #[default]
    Success,
    /// The call failed; the content describes the error.
    Error,
}

impl ToolStatus {
    fn is_success(&self) -> bool {
        *self == Self::Success
    }
}

impl ToolMessage {
    /// Creates the result of the call with this id.
    pub fn new(content: impl Into<Content>, tool_call_id: impl Into<String>) -> Self {
        Self { content: content.into(), tool_call_id: tool_call_id.into(), ..Self::default() }
    }
}

/// A result is complete; merging keeps the last one.
impl Chunk for ToolMessage {
    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Deserializes the content of a tool message from any value.
pub(super) fn any_content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
    Value::deserialize(deserializer).map(content_of)
}

fn content_of(value: Value) -> Content {
    match value {
        Value::String(text) => Content::Text(text),
        Value::Array(items) => {
            let block = |item: Value| match item {
                Value::String(text) => ContentBlock::Plain(text),
                Value::Object(data) => ContentBlock::Data(data),
                other => ContentBlock::Plain(other.to_string()),
            };
            items.into_iter().map(block).collect::<Vec<_>>().into()
        }
        other => Content::Text(other.to_string()),
    }
}
