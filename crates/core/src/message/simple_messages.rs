//! Human, system, function and chat messages.

use super::Content;
use super::message_type::message_type;

message_type! {
    /// A message from the user to the model.
    ///
    /// # Example
    /// ```
    /// use catena_core::{HumanMessage, Message};
    /// let mut message = HumanMessage::new("Hello");
    /// message.name = Some("Ada".into());
    /// assert_eq!(Message::from(message).name(), Some("Ada"));
    /// ```
    HumanMessage {}
}

message_type! {
    /// Instructions that apply to the whole conversation.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Message, SystemMessage};
    /// assert_eq!(Message::from(SystemMessage::new("Be brief.")), Message::system("Be brief."));
    /// ```
    SystemMessage {}
}

message_type! {
    /// The result of a function call, the predecessor of tool calls. Its `name` is that of the function.
    ///
    /// # Example
    /// ```
    /// use catena_core::{FunctionMessage, Message};
    /// let message = Message::from(FunctionMessage::new("get_weather", "sunny"));
    /// assert_eq!((message.name(), message.role()), (Some("get_weather"), "function"));
    /// ```
    FunctionMessage {}
}

message_type! {
    /// A message with an arbitrary role.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatMessage, Message};
    /// let message = Message::from(ChatMessage::new("critic", "Too long."));
    /// assert_eq!(message.role(), "chat");
    /// ```
    ChatMessage {
        /// The role, under the provider's name.
        role: String,
    }
}

impl HumanMessage {
    /// Creates a message with this content.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

impl SystemMessage {
    /// Creates a message with this content.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }
}

impl FunctionMessage {
    /// Creates the result of a function.
    pub fn new(name: impl Into<String>, content: impl Into<Content>) -> Self {
        Self { content: content.into(), name: Some(name.into()), ..Self::default() }
    }
}

impl ChatMessage {
    /// Creates a message with this role.
    pub fn new(role: impl Into<String>, content: impl Into<Content>) -> Self {
        Self { content: content.into(), role: role.into(), ..Self::default() }
    }
}
