//! The kinds of messages.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Result};

/// A kind of message.
///
/// # Example
/// ```
/// use catena_core::{Message, MessageKind};
/// assert_eq!(Message::human("Hi").kind(), MessageKind::Human);
/// assert_eq!("human".parse::<MessageKind>()?, MessageKind::Human);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MessageKind {
    /// Instructions to the model.
    System,
    /// A message from the user.
    Human,
    /// A message from the model.
    Ai,
    /// The result of a tool call.
    Tool,
    /// The result of a function call.
    Function,
    /// A message with an arbitrary role.
    Chat,
    /// A request to remove a message.
    Remove,
}

impl MessageKind {
    const ALL: [Self; 7] =
        [Self::System, Self::Human, Self::Ai, Self::Tool, Self::Function, Self::Chat, Self::Remove];

    /// Returns the name: `system`, `human`, `ai`, `tool`, `function`, `chat` or `remove`.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Human => "human",
            Self::Ai => "ai",
            Self::Tool => "tool",
            Self::Function => "function",
            Self::Chat => "chat",
            Self::Remove => "remove",
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Parses the name of a kind.
impl FromStr for MessageKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join("`, `");
            Error::new(
                ErrorKind::InvalidInput,
                format!("unknown message type `{name:.40}`: expected one of `{names}`"),
            )
        })
    }
}
