//! The messages that a tool loop added to a conversation.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::{AiMessage, Chunk, Message, Usage, add_usage};

/// The messages that a [`ToolLoop`](crate::ToolLoop) added to the conversation: the model's answers, each followed by
/// the results of its tool calls.
///
/// When streaming, each chunk is a chunk of one answer, or one result: [`text`](Transcript::text) of a chunk is the new
/// text.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt, ToolCall, tool};
/// use serde_json::{json, Value};
/// # futures_executor::block_on(async {
/// let wish = AiMessage::new("").with_tool_calls([ToolCall::new("now", [("zone", "CET")]).with_id("call_1")]);
/// let model = FakeMessagesListChatModel::new([wish, AiMessage::new("It is noon.")]);
/// let clock = tool("now", "The time.", json!({}), |_: Value| "12:00");
///
/// let transcript = model.with_tools([clock]).invoke("What time is it?").await?;
/// assert_eq!(transcript.messages().len(), 3);
/// assert_eq!((transcript.messages()[1].text().as_ref(), transcript.text().as_ref()), ("12:00", "It is noon."));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Transcript {
    /// The index of the first message here within the complete transcript.
    first: usize,
    messages: Vec<Message>,
}

impl Transcript {
    /// Creates a transcript of the message with this index, or of a chunk of it.
    pub(super) fn piece(index: usize, message: impl Into<Message>) -> Self {
        Self { first: index, messages: vec![message.into()] }
    }

    /// Returns the messages, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Returns the messages, for continuing the conversation.
    pub fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    /// Returns the last message if it is from the model: its answer. `None` if the output of a tool is the answer.
    pub fn answer(&self) -> Option<&AiMessage> {
        match self.messages.last()? {
            Message::Ai(answer) => Some(answer),
            _ => None,
        }
    }

    /// Returns the text of the last message: the answer.
    pub fn text(&self) -> Cow<'_, str> {
        self.messages.last().map(Message::text).unwrap_or_default()
    }

    /// Returns the total token usage of all answers, as far as the service reports it.
    pub fn usage(&self) -> Option<Usage> {
        let used = self.messages.iter().filter_map(|message| match message {
            Message::Ai(answer) => answer.usage,
            _ => None,
        });
        used.reduce(|sum, usage| add_usage(Some(sum), Some(usage)))
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }
}

/// Chunks of the same message are merged; other messages are appended.
impl Chunk for Transcript {
    fn merge(&mut self, next: Self) {
        if self.messages.is_empty() {
            *self = next;
            return;
        }
        for (index, message) in (next.first..).zip(next.messages) {
            match self.messages.get_mut(index.saturating_sub(self.first)) {
                Some(present) => present.merge(message),
                None => self.messages.push(message),
            }
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        json!({ "messages": self.messages })
    }
}
