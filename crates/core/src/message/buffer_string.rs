//! Formatting a conversation as a single text.

use std::borrow::Cow;
use std::str::FromStr;

use serde_json::Value;

use super::Message;
use super::buffer_xml::xml;
use super::like::invalid;
use super::python_text::{calls_repr, in_order, python_repr};
use crate::{Error, Result};

/// The text format of a conversation.
///
/// # Example
/// ```
/// use catena_core::BufferFormat;
/// assert_eq!("xml".parse::<BufferFormat>()?, BufferFormat::Xml);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum BufferFormat {
    /// One line per message, such as `Human: ..`. Lines of this form inside a message are not distinguishable.
    #[default]
    Prefix,
    /// One element per message, such as `<message type="human">..</message>`, with its content escaped.
    Xml,
}

impl FromStr for BufferFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "prefix" => Ok(Self::Prefix),
            "xml" => Ok(Self::Xml),
            other => Err(invalid(format!("unrecognized format='{other:.40}': use 'prefix' or 'xml'"))),
        }
    }
}

/// Formats a conversation as a single text.
///
/// # Example
/// ```
/// use catena_core::{BufferFormat, BufferString, Message};
/// let messages = [Message::human("Is 5 < 10?"), Message::ai("Yes")];
/// let text = BufferString::new().with_human_prefix("User").write(&messages);
/// assert_eq!(text, "User: Is 5 < 10?\nAI: Yes");
/// let text = BufferString::new().with_format(BufferFormat::Xml).write(&messages[..1]);
/// assert_eq!(text, r#"<message type="human">Is 5 &lt; 10?</message>"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BufferString {
    human: String,
    ai: String,
    system: String,
    function: String,
    tool: String,
    separator: String,
    format: BufferFormat,
}

impl Default for BufferString {
    fn default() -> Self {
        Self {
            human: "Human".to_owned(),
            ai: "AI".to_owned(),
            system: "System".to_owned(),
            function: "Function".to_owned(),
            tool: "Tool".to_owned(),
            separator: "\n".to_owned(),
            format: BufferFormat::Prefix,
        }
    }
}

macro_rules! with_text {
    ($($(#[$meta:meta])* $with:ident sets $field:ident;)*) => {$(
        $(#[$meta])*
        #[must_use]
        pub fn $with(mut self, text: impl Into<String>) -> Self {
            self.$field = text.into();
            self
        }
    )*};
}

impl BufferString {
    /// Creates a formatter of lines with the default prefixes.
    pub fn new() -> Self {
        Self::default()
    }

    with_text! {
        /// Sets the prefix of human messages.
        with_human_prefix sets human;
        /// Sets the prefix of messages from the model.
        with_ai_prefix sets ai;
        /// Sets the prefix of system messages.
        with_system_prefix sets system;
        /// Sets the prefix of function results.
        with_function_prefix sets function;
        /// Sets the prefix of tool results.
        with_tool_prefix sets tool;
        /// Sets the separator between messages.
        with_separator sets separator;
    }

    /// Sets the format.
    #[must_use]
    pub fn with_format(mut self, format: BufferFormat) -> Self {
        self.format = format;
        self
    }

    /// Formats messages. Non-text content is omitted from lines; XML includes content that has a URL.
    pub fn write(&self, messages: &[Message]) -> String {
        let written = messages.iter().map(|message| match self.format {
            BufferFormat::Prefix => self.line(message),
            BufferFormat::Xml => xml(message, &self.element_type(message)),
        });
        written.collect::<Vec<_>>().join(&self.separator)
    }

    fn line(&self, message: &Message) -> String {
        format!("{}: {}{}", self.prefix(message), message.text(), calls(message))
    }

    fn prefix<'a>(&'a self, message: &'a Message) -> &'a str {
        match message {
            Message::Human(_) => &self.human,
            Message::Ai(_) => &self.ai,
            Message::System(_) => &self.system,
            Message::Function(_) => &self.function,
            Message::Tool(_) => &self.tool,
            Message::Chat(message) => &message.role,
            Message::Remove(_) => "Remove",
        }
    }

    /// Returns the `type` attribute: a prefix in lower case, or an arbitrary role as it is.
    fn element_type<'a>(&'a self, message: &'a Message) -> Cow<'a, str> {
        match message {
            Message::Chat(message) => Cow::Borrowed(&message.role),
            other => Cow::Owned(self.prefix(other).to_lowercase()),
        }
    }
}

/// Formats the tool calls of a message, or else its function call, as LangChain does.
fn calls(message: &Message) -> String {
    match message.tool_calls() {
        [] => match (message, message.additional_kwarg("function_call")) {
            (Message::Ai(_), Some(call)) => python_repr(&in_order(call)),
            _ => String::new(),
        },
        calls => calls_repr(calls),
    }
}

/// Formats a conversation as text, one line per message, with [`BufferString`] and its defaults.
///
/// # Example
/// ```
/// use catena_core::{get_buffer_string, Message};
/// let text = get_buffer_string(&[Message::human("Hi"), Message::ai("Hello")]);
/// assert_eq!(text, "Human: Hi\nAI: Hello");
/// ```
pub fn get_buffer_string(messages: &[Message]) -> String {
    BufferString::default().write(messages)
}

/// Returns `value` if it is a text, else an empty one.
pub(super) fn text_of(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, FunctionMessage, ToolCall};

    #[test]
    fn lines_name_the_speaker() {
        let call = ToolCall::new("f", [("a", 1)]).with_id("c1");
        let messages = [
            Message::system("s"),
            FunctionMessage::new("fn", "f").into(),
            Message::tool("t", "c1"),
            Message::chat("critic", "c"),
            AiMessage::new("").with_tool_calls([call]).into(),
        ];
        assert_eq!(
            BufferString::new().with_separator(" | ").with_tool_prefix("T").write(&messages),
            "System: s | Function: f | T: t | critic: c | \
             AI: [{'name': 'f', 'args': {'a': 1}, 'id': 'c1', 'type': 'tool_call'}]"
        );
        assert!("html".parse::<BufferFormat>().is_err());
    }
}
