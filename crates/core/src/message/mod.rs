//! Messages exchanged by users, models and tools.

mod ai_form;
mod ai_message;
mod approximate_tokens;
mod block_types;
mod buffer_string;
mod buffer_xml;
mod content;
mod content_block;
mod content_blocks;
mod dictionary;
mod extra_members;
mod filter;
mod kind;
mod like;
mod like_call;
mod merge_rules;
mod merge_runs;
mod message_type;
mod openai;
mod openai_block;
mod openai_media;
pub(crate) mod pretty;
mod python_text;
mod remove_message;
mod response_metadata;
mod serde_help;
mod simple_messages;
mod standard_block;
mod standardize;
mod standardize_anthropic;
mod standardize_converse;
mod standardize_openai;
mod standardize_openai_tools;
mod standardize_openai_v03;
mod token_counter;
mod token_usage;
mod tool_arguments;
mod tool_call;
mod tool_calls;
mod tool_message;
mod trim;
mod trim_partial;
mod unpaired;
mod usage;
mod written_chars;

pub use ai_message::AiMessage;
pub use approximate_tokens::{ApproximateTokens, count_tokens_approximately};
pub use block_types::{
    Annotation, Citation, MediaBlock, PlainTextBlock, ReasoningBlock, ServerToolCallBlock,
    ServerToolCallChunkBlock, ServerToolResultBlock, TextBlock,
};
pub use buffer_string::{BufferFormat, BufferString, get_buffer_string};
pub use content::Content;
pub use content_block::ContentBlock;
pub use content_blocks::ContentBlocks;
pub use dictionary::{messages_from_dict, messages_to_dict};
pub use extra_members::ExtraMembers;
pub use filter::{MessageFilter, filter_messages};
pub use kind::MessageKind;
pub use like::convert_to_messages;
pub(crate) use like::{from_json as message_from_json, read as read_message_like};
pub use merge_rules::{merge_content, merge_dicts, merge_lists};
pub use merge_runs::merge_message_runs;
pub use openai::{OpenAiForm, TextFormat, convert_to_openai_messages};
pub use remove_message::RemoveMessage;
pub use response_metadata::ResponseMetadata;
pub use simple_messages::{ChatMessage, FunctionMessage, HumanMessage, SystemMessage};
pub use standard_block::StandardBlock;
pub use token_counter::{TokenCounter, named_token_counter};
pub use token_usage::TokenUsage;
pub(crate) use tool_arguments::read_arguments;
pub use tool_call::{InvalidToolCall, ToolCall, ToolCallChunk};
pub use tool_message::{ToolMessage, ToolStatus};
pub use trim::{TrimMessages, TrimStrategy, trim_messages};
pub use usage::{InputTokenDetails, OutputTokenDetails, Usage, add_usage, subtract_usage};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Chunk, Error, ErrorKind, PromptValue, Result};

/// One message of a conversation.
///
/// # JSON
/// An object with a `type` (`system`, `human`, `ai`, `tool`, `function`, `chat` or `remove`), the `content` (a text, or
/// a list of texts and blocks) and, unless they are empty, `name`, `id`, `additional_kwargs` and `response_metadata`;
/// for `ai` also `tool_calls`, `invalid_tool_calls`, `tool_call_chunks`, `usage_metadata`, `refusal` and `reasoning`;
/// for `tool` also `tool_call_id`, `status` and `artifact`; for `chat` also `role`. Unknown members are preserved, and
/// a serialized message deserializes to an equal one. LangChain's type names for chunks (`AIMessageChunk`) are accepted
/// as well.
///
/// # Chunks
/// The first chunk determines the kind of message; the contents of all chunks are joined. Use
/// [`try_merge`](Message::try_merge) for chunks that may not belong to the same message.
///
/// # Example
/// ```
/// use catena_core::Message;
/// let message = Message::human("Hello");
/// assert_eq!(message.role(), "human");
/// assert_eq!(message.text(), "Hello");
/// let read: Message = serde_json::from_str(r#"{"type": "human", "content": "Hello"}"#)?;
/// assert_eq!(read, message);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[doc(alias = "BaseMessage")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would cost every answer an allocation, and every match a star"
)]
pub enum Message {
    /// Instructions to the model.
    #[serde(alias = "SystemMessageChunk")]
    System(SystemMessage),
    /// A message from the user.
    #[serde(alias = "HumanMessageChunk")]
    Human(HumanMessage),
    /// A message from the model.
    #[serde(alias = "AIMessageChunk")]
    Ai(AiMessage),
    /// The result of a tool call.
    #[serde(alias = "ToolMessageChunk")]
    Tool(ToolMessage),
    /// The result of a function call, the predecessor of tool calls.
    #[serde(alias = "FunctionMessageChunk")]
    Function(FunctionMessage),
    /// A message with an arbitrary role.
    #[serde(alias = "ChatMessageChunk")]
    Chat(ChatMessage),
    /// A request to remove a message.
    Remove(RemoveMessage),
}

/// Evaluates the same expression for every kind of message with the common fields, and another for `Remove`.
macro_rules! each {
    ($message:expr, $inner:ident => $common:expr, $remove:ident => $other:expr) => {
        match $message {
            Message::System($inner) => $common,
            Message::Human($inner) => $common,
            Message::Ai($inner) => $common,
            Message::Tool($inner) => $common,
            Message::Function($inner) => $common,
            Message::Chat($inner) => $common,
            Message::Remove($remove) => $other,
        }
    };
}

impl Message {
    /// Creates a system message: instructions to the model.
    pub fn system(content: impl Into<Content>) -> Self {
        Self::System(SystemMessage::new(content))
    }

    /// Creates a human message.
    pub fn human(content: impl Into<Content>) -> Self {
        Self::Human(HumanMessage::new(content))
    }

    /// Creates a message from the model.
    pub fn ai(content: impl Into<Content>) -> Self {
        Self::Ai(AiMessage::new(content))
    }

    /// Creates the result of the tool call with this id.
    pub fn tool(content: impl Into<Content>, tool_call_id: impl Into<String>) -> Self {
        Self::Tool(ToolMessage::new(content, tool_call_id))
    }

    /// Returns the content.
    pub fn content(&self) -> &Content {
        each!(self, message => &message.content, _remove => &content::EMPTY)
    }

    /// Returns the content for modification; `None` for a [`RemoveMessage`], which has none.
    pub(crate) fn content_mut(&mut self) -> Option<&mut Content> {
        each!(self, message => Some(&mut message.content), _remove => None)
    }

    /// Returns the text of the content, without images and other blocks.
    pub fn text(&self) -> Cow<'_, str> {
        self.content().text()
    }

    /// Returns the name of the speaker.
    pub fn name(&self) -> Option<&str> {
        each!(self, message => message.name.as_deref(), _remove => None)
    }

    /// Returns the id of the message; for a [`RemoveMessage`], the id of the message to remove.
    pub fn id(&self) -> Option<&str> {
        each!(self, message => message.id.as_deref(), remove => Some(&remove.id))
    }

    /// Returns a provider-specific field.
    pub(crate) fn additional_kwarg(&self, name: &str) -> Option<&Value> {
        each!(self, message => message.additional_kwargs.get(name), _remove => None)
    }

    /// Returns the provider-specific fields for modification; `None` for a [`RemoveMessage`].
    pub(crate) fn additional_kwargs_mut(&mut self) -> Option<&mut Map<String, Value>> {
        each!(self, message => Some(&mut message.additional_kwargs), _remove => None)
    }

    /// Returns the tool calls; only messages from the model can have any.
    ///
    /// # Example
    /// ```
    /// use catena_core::Message;
    /// assert!(Message::human("Hello").tool_calls().is_empty());
    /// ```
    pub fn tool_calls(&self) -> &[ToolCall] {
        match self {
            Self::Ai(message) => message.tool_calls(),
            _ => &[],
        }
    }

    /// Returns the kind of message.
    pub fn kind(&self) -> MessageKind {
        match self {
            Self::System(_) => MessageKind::System,
            Self::Human(_) => MessageKind::Human,
            Self::Ai(_) => MessageKind::Ai,
            Self::Tool(_) => MessageKind::Tool,
            Self::Function(_) => MessageKind::Function,
            Self::Chat(_) => MessageKind::Chat,
            Self::Remove(_) => MessageKind::Remove,
        }
    }

    /// Returns the name of the kind: `system`, `human`, `ai`, `tool`, `function`, `chat` or `remove`.
    pub fn role(&self) -> &'static str {
        self.kind().name()
    }

    /// Returns the content in a form that is the same for all providers: blocks of OpenAI's chat messages and of
    /// LangChain before 1.0 are converted to standard blocks, and tool calls and reasoning become blocks. For messages
    /// from the model, see [`AiMessage::content_blocks`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{ContentBlock, MediaBlock, Message, StandardBlock};
    /// let message = Message::human(vec![ContentBlock::image_url("https://e.org/cat.png")]);
    /// let image = StandardBlock::Image(MediaBlock::url("https://e.org/cat.png"));
    /// assert_eq!(message.content_blocks(), [image]);
    /// ```
    pub fn content_blocks(&self) -> Vec<StandardBlock> {
        match self {
            Self::Ai(message) => message.content_blocks(),
            other => standardize::blocks(other.content()),
        }
    }

    /// Appends the next chunk of the same message.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the chunk belongs to another message: it is of another kind or role, or the
    /// result of another tool call.
    ///
    /// # Example
    /// ```
    /// use catena_core::Message;
    /// let mut message = Message::tool("4", "call_1");
    /// message.try_merge(Message::tool("2", "call_1"))?;
    /// assert_eq!(message.text(), "42");
    /// assert!(message.try_merge(Message::tool("x", "call_2")).is_err());
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn try_merge(&mut self, next: Self) -> Result<()> {
        let clash = match (&*self, &next) {
            (Self::Tool(this), Self::Tool(next)) if this.tool_call_id != next.tool_call_id => {
                Some(("tool call ids", this.tool_call_id.clone(), next.tool_call_id.clone()))
            }
            (Self::Chat(this), Self::Chat(next)) if this.role != next.role => {
                Some(("roles", this.role.clone(), next.role.clone()))
            }
            (Self::Function(this), Self::Function(next)) if this.name != next.name => {
                Some(("names", this.name.clone().unwrap_or_default(), next.name.clone().unwrap_or_default()))
            }
            (this, next) if this.kind() != next.kind() => {
                Some(("kinds", this.role().to_owned(), next.role().to_owned()))
            }
            _ => None,
        };
        if let Some((what, this, next)) = clash {
            let message =
                format!("cannot merge message chunks with different {what}: `{this:.100}` and `{next:.100}`");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        self.merge(next);
        Ok(())
    }
}

impl Chunk for Message {
    fn merge(&mut self, next: Self) {
        match (self, next) {
            (Self::Ai(message), Self::Ai(next)) => message.merge(next),
            (Self::System(message), Self::System(next)) => message.merge_common(next),
            (Self::Human(message), Self::Human(next)) => message.merge_common(next),
            (Self::Function(message), Self::Function(next)) => message.merge_common(next),
            (Self::Chat(message), Self::Chat(next)) => message.merge_common(next),
            (Self::Tool(message), Self::Tool(mut next)) => {
                message.status = message.status.max(next.status);
                message.artifact.merge(next.artifact.take());
                message.merge_common(next);
            }
            (this, mut next) => {
                if let (Some(content), Some(next)) = (this.content_mut(), next.content_mut()) {
                    content.merge(std::mem::take(next));
                }
            }
        }
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

macro_rules! from_kind {
    ($($kind:ident($message:ident)),*) => {$(
        impl From<$message> for Message {
            fn from(message: $message) -> Self {
                Self::$kind(message)
            }
        }
    )*};
}
from_kind!(
    System(SystemMessage),
    Human(HumanMessage),
    Ai(AiMessage),
    Tool(ToolMessage),
    Function(FunctionMessage),
    Chat(ChatMessage),
    Remove(RemoveMessage)
);

/// Lets a step that takes messages accept a prompt.
impl From<PromptValue> for Vec<Message> {
    fn from(prompt: PromptValue) -> Self {
        prompt.into_messages()
    }
}
