//! The entries of a chat prompt.

use super::FewShotChatMessagePromptTemplate;
use super::MessagesPlaceholder;
use super::message_template::MessageTemplate;
use super::values::Values;
use crate::message::pretty::title;
use crate::{Message, Record, Result};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Template(MessageTemplate),
    Message(Box<Message>),
    Placeholder(MessagesPlaceholder),
    Examples(FewShotChatMessagePromptTemplate),
}

impl Entry {
    /// Appends the messages of this entry.
    pub(super) fn fill(
        &self,
        values: Values<'_>,
        partials: &Record,
        messages: &mut Vec<Message>,
    ) -> Result<()> {
        match self {
            Self::Template(template) => template.fill(values, messages)?,
            Self::Message(message) => messages.push((**message).clone()),
            Self::Placeholder(placeholder) => placeholder.fill(values, messages)?,
            Self::Examples(examples) => examples.fill_part(values, partials, messages)?,
        }
        Ok(())
    }

    /// Returns the names of the entry's variables, including that of an optional placeholder.
    pub(super) fn variables(&self) -> Vec<&str> {
        match self {
            Self::Template(template) => template.variables(),
            Self::Placeholder(placeholder) => vec![placeholder.variable()],
            Self::Message(_) | Self::Examples(_) => Vec::new(),
        }
    }

    pub(super) fn is_optional(&self) -> bool {
        matches!(self, Self::Placeholder(placeholder) if placeholder.is_optional())
    }

    /// Returns whether it can be filled while values are missing.
    pub(super) fn is_lenient(&self) -> bool {
        matches!(self, Self::Template(template) if template.content.is_lenient())
    }

    /// Renders the entry for display.
    pub(super) fn pretty(&self) -> String {
        match self {
            Self::Template(template) => template.pretty(),
            Self::Message(message) => message.pretty_repr(),
            Self::Placeholder(placeholder) => {
                format!("{}\n\n{{{}}}", title("Messages Placeholder"), placeholder.variable())
            }
            Self::Examples(_) => title("Examples"),
        }
    }
}
