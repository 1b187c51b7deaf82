//! What people, models and tools say to each other.

mod ai_message;
mod content;
mod usage;

pub use ai_message::{AiMessage, ResponseMetadata};
pub use content::{Content, ContentBlock};
pub use usage::Usage;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Chunk;

/// One message of a conversation.
///
/// # Example
/// ```
/// use catena_core::Message;
/// let message = Message::human("Hello");
/// assert_eq!(message.role(), "human");
/// assert_eq!(message.text(), "Hello");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Message {
    /// Instructions to the model.
    System(SystemMessage),
    /// What a person says.
    Human(HumanMessage),
    /// What a model says.
    Ai(AiMessage),
}

/// What a person says to the model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct HumanMessage {
    /// What is said.
    pub content: Content,
    /// Who says it, where a service tells speakers apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Instructions that the model follows throughout.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SystemMessage {
    /// The instructions.
    pub content: Content,
    /// A name for the speaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Message {
    /// Instructions to the model.
    pub fn system(content: impl Into<Content>) -> Self {
        Self::System(SystemMessage { content: content.into(), name: None })
    }

    /// What a person says.
    pub fn human(content: impl Into<Content>) -> Self {
        Self::Human(HumanMessage { content: content.into(), name: None })
    }

    /// What a model says.
    pub fn ai(content: impl Into<Content>) -> Self {
        Self::Ai(AiMessage::new(content))
    }

    /// What is said.
    pub fn content(&self) -> &Content {
        match self {
            Self::System(message) => &message.content,
            Self::Human(message) => &message.content,
            Self::Ai(message) => &message.content,
        }
    }

    /// The text of the content, without images and other blocks.
    pub fn text(&self) -> Cow<'_, str> {
        self.content().text()
    }

    /// The kind of message: `system`, `human` or `ai`.
    pub fn role(&self) -> &'static str {
        match self {
            Self::System(_) => "system",
            Self::Human(_) => "human",
            Self::Ai(_) => "ai",
        }
    }

    /// The speaker's name in a transcript.
    pub(crate) fn role_title(&self) -> &'static str {
        match self {
            Self::System(_) => "System",
            Self::Human(_) => "Human",
            Self::Ai(_) => "AI",
        }
    }
}

impl Chunk for Message {
    fn merge(&mut self, next: Self) {
        match (self, next) {
            (Self::Ai(message), Self::Ai(next)) => message.merge(next),
            (this, next) => *this = next,
        }
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<AiMessage> for Message {
    fn from(message: AiMessage) -> Self {
        Self::Ai(message)
    }
}
