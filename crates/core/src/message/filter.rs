//! Filtering of the messages of a conversation.

use std::borrow::Cow;
use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{Message, MessageKind};
use crate::{Context, Result, Runnable};

/// Selects messages of a conversation. As a step of a chain, it filters its input.
///
/// A message that matches an `exclude` rule is always dropped. Of the rest, those that match any `include` rule are
/// kept, or all if there is no `include` rule.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, Message, MessageFilter, MessageKind, RunnableExt};
/// let filter = MessageFilter::new().include_types([MessageKind::Human]);
/// let messages = vec![Message::system("Be brief."), Message::human("Hi")];
/// assert_eq!(filter.filter(messages.clone()), [Message::human("Hi")]);
/// # futures_executor::block_on(async {
/// // As a step of a chain, after a prompt or before a model:
/// let model = FakeChatModel::new(["Hello"]);
/// let chain = filter | model.clone();
/// chain.invoke(messages).await?;
/// assert_eq!(model.prompts()[0].to_string(), "Human: Hi");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "filter_messages")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageFilter {
    include: Names,
    exclude: Names,
    calls: Calls,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Names {
    names: BTreeSet<String>,
    kinds: BTreeSet<MessageKind>,
    ids: BTreeSet<String>,
}

/// The tool calls to drop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Calls {
    #[default]
    None,
    All,
    Of(BTreeSet<String>),
}

impl Names {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.kinds.is_empty() && self.ids.is_empty()
    }

    fn contains(&self, message: &Message) -> bool {
        message.name().is_some_and(|name| self.names.contains(name))
            || self.kinds.contains(&message.kind())
            || message.id().is_some_and(|id| self.ids.contains(id))
    }
}

macro_rules! with_names {
    ($($(#[$meta:meta])* $with:ident($type:ty) adds to $set:ident.$field:ident;)*) => {$(
        $(#[$meta])*
        #[must_use]
        pub fn $with<T: Into<$type>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
            self.$set.$field.extend(values.into_iter().map(Into::into));
            self
        }
    )*};
}

impl MessageFilter {
    /// Creates a filter that keeps everything.
    pub fn new() -> Self {
        Self::default()
    }

    with_names! {
        /// Keeps messages with these names.
        include_names(String) adds to include.names;
        /// Drops messages with these names.
        exclude_names(String) adds to exclude.names;
        /// Keeps messages of these kinds.
        include_types(MessageKind) adds to include.kinds;
        /// Drops messages of these kinds.
        exclude_types(MessageKind) adds to exclude.kinds;
        /// Keeps messages with these ids.
        include_ids(String) adds to include.ids;
        /// Drops messages with these ids.
        exclude_ids(String) adds to exclude.ids;
    }

    /// Drops all answers with tool calls, and all tool results.
    #[must_use]
    pub fn exclude_tool_calls(mut self) -> Self {
        self.calls = Calls::All;
        self
    }

    /// Drops the tool calls with these ids and their results, and answers left without tool calls.
    #[must_use]
    pub fn exclude_tool_call_ids<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Self {
        self.calls = Calls::Of(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Returns the messages that are kept.
    pub fn filter(&self, messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
        let kept = messages.into_iter().filter(|message| !self.exclude.contains(message));
        let kept = kept.filter_map(|message| self.without_calls(message));
        kept.filter(|message| self.include.is_empty() || self.include.contains(message)).collect()
    }

    /// Removes the excluded tool calls from a message; `None` if the message is to be dropped.
    fn without_calls(&self, message: Message) -> Option<Message> {
        match (&self.calls, message) {
            (Calls::None, message) => Some(message),
            (Calls::All, message) => {
                (message.tool_calls().is_empty() && message.kind() != MessageKind::Tool).then_some(message)
            }
            (Calls::Of(ids), Message::Tool(message)) => {
                (!ids.contains(&message.tool_call_id)).then_some(Message::Tool(message))
            }
            (Calls::Of(ids), Message::Ai(mut message)) if !message.tool_calls().is_empty() => {
                let excluded = |id: Option<&str>| id.is_some_and(|id| ids.contains(id));
                message.retain_tool_calls(|call| !excluded(call.id.as_deref()));
                if let super::Content::Blocks(blocks) = &mut message.content {
                    blocks.retain(|block| {
                        let id = block.get("id").and_then(serde_json::Value::as_str);
                        block.kind() != Some("tool_use") || !excluded(id)
                    });
                }
                (!message.tool_calls().is_empty()).then_some(Message::Ai(message))
            }
            (Calls::Of(_), message) => Some(message),
        }
    }
}

#[async_trait]
impl Runnable for MessageFilter {
    type Input = Vec<Message>;
    type Output = Vec<Message>;

    async fn call(&self, messages: Vec<Message>, _cx: &Context) -> Result<Vec<Message>> {
        Ok(self.filter(messages))
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("filter_messages")
    }
}

crate::impl_pipe!(MessageFilter);

/// Returns the messages that a filter keeps. [`MessageFilter`] can also be a step of a chain.
///
/// # Example
/// ```
/// use catena_core::{filter_messages, Message, MessageFilter};
/// let filter = MessageFilter::new().exclude_tool_calls();
/// assert!(filter_messages([Message::tool("4", "call_1")], &filter).is_empty());
/// ```
pub fn filter_messages(messages: impl IntoIterator<Item = Message>, filter: &MessageFilter) -> Vec<Message> {
    filter.filter(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, HumanMessage, ToolCall};

    fn messages() -> Vec<Message> {
        let named = |name: &str, id: &str| {
            let mut message = HumanMessage::new("h");
            (message.name, message.id) = (Some(name.into()), Some(id.into()));
            Message::from(message)
        };
        let calls = ["c1", "c2"].map(|id| ToolCall { id: Some(id.into()), ..ToolCall::default() });
        let mut answer = AiMessage::new("calls").with_tool_calls(calls);
        answer.id = Some("3".into());
        vec![
            named("alice", "1"),
            named("bob", "2"),
            answer.into(),
            Message::tool("t", "c1"),
            Message::system("s"),
        ]
    }

    #[track_caller]
    fn check(filter: MessageFilter, kept: &[&str]) {
        let shown = filter.filter(messages());
        let shown: Vec<_> =
            shown.iter().map(|message| format!("{}{}", message.role(), message.tool_calls().len())).collect();
        assert_eq!(shown, kept);
    }

    #[test]
    fn messages_are_kept_by_name_kind_id_and_call() {
        let new = MessageFilter::new;
        check(new(), &["human0", "human0", "ai2", "tool0", "system0"]);
        check(new().exclude_types([MessageKind::Ai, MessageKind::Tool]), &["human0", "human0", "system0"]);
        check(new().include_names(["bob"]).include_ids(["3"]), &["human0", "ai2"]);
        check(new().include_types([MessageKind::Human]).exclude_ids(["1"]), &["human0"]);
        check(new().exclude_tool_calls(), &["human0", "human0", "system0"]);
        check(new().exclude_tool_call_ids(["c1"]), &["human0", "human0", "ai1", "system0"]);
        check(new().exclude_tool_call_ids(["c1", "c2"]), &["human0", "human0", "system0"]);
    }
}
