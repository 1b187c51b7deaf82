//! What a loop of calls added to a conversation.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::{AiMessage, Chunk, Message, Usage, add_usage};

/// What a [`ToolLoop`](crate::ToolLoop) added to the conversation: the answers of the model, and behind each the results of
/// the tools it called.
///
/// While it streams, each chunk is a piece of one answer, or one result: [`text`](Transcript::text) of a chunk is the text
/// that is new.
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
    /// Which message of the whole is the first here.
    first: usize,
    messages: Vec<Message>,
}

impl Transcript {
    /// A piece of the message with this number, or the whole of it.
    pub(super) fn piece(index: usize, message: impl Into<Message>) -> Self {
        Self { first: index, messages: vec![message.into()] }
    }

    /// The messages, in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The messages, to continue the conversation with.
    pub fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    /// The last message, if the model said it: its answer. `None` where the output of a tool is the answer.
    pub fn answer(&self) -> Option<&AiMessage> {
        match self.messages.last()? {
            Message::Ai(answer) => Some(answer),
            _ => None,
        }
    }

    /// The text of the last message: the answer.
    pub fn text(&self) -> Cow<'_, str> {
        self.messages.last().map(Message::text).unwrap_or_default()
    }

    /// How many tokens all answers used, as far as the service says.
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

/// Pieces of one message are put together; other messages follow each other.
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
