//! What a chat model says.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Content, Usage};
use crate::Chunk;

/// An answer of a chat model, or a piece of one while it streams.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, Chunk};
/// let mut answer = AiMessage::new("Bright");
/// answer.merge(AiMessage::new("Smile"));
/// assert_eq!(answer.text(), "BrightSmile");
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct AiMessage {
    /// What is said.
    pub content: Content,
    /// The service's id of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name of the speaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why the model would not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What the model thought before it answered, where the service shows it. Never part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// How many tokens the call used.
    #[serde(rename = "usage_metadata", skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What the service said about the call.
    #[serde(rename = "response_metadata")]
    pub metadata: ResponseMetadata,
}

/// What a service says about a call beside the answer. Each field keeps the last value that came.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResponseMetadata {
    /// The model that answered.
    #[serde(rename = "model_name", skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Why the answer ended: `stop`, `length`, `content_filter`, `tool_calls` or another word of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The id under which the service logged the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything else, by the service's names.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl AiMessage {
    /// An answer with this content.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// The text of the content, without images and other blocks.
    pub fn text(&self) -> Cow<'_, str> {
        self.content.text()
    }
}

impl Chunk for AiMessage {
    fn merge(&mut self, next: Self) {
        self.content.merge(next.content);
        self.refusal.merge(next.refusal);
        self.reasoning.merge(next.reasoning);
        keep_last(&mut self.id, next.id);
        keep_last(&mut self.name, next.name);
        keep_last(&mut self.usage, next.usage);
        self.metadata.merge(next.metadata);
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Chunk for ResponseMetadata {
    fn merge(&mut self, next: Self) {
        keep_last(&mut self.model, next.model);
        keep_last(&mut self.finish_reason, next.finish_reason);
        keep_last(&mut self.request_id, next.request_id);
        for (key, value) in next.extra {
            if !value.is_null() {
                self.extra.insert(key, value);
            }
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

fn keep_last<T>(value: &mut Option<T>, next: Option<T>) {
    if next.is_some() {
        *value = next;
    }
}

/// The text of the answer: what a text parser or a prompt reads.
impl From<AiMessage> for String {
    fn from(message: AiMessage) -> Self {
        message.content.into_text()
    }
}

impl From<&str> for AiMessage {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for AiMessage {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
