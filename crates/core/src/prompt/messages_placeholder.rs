//! A placeholder in a chat prompt for messages from the input.

use super::values::Values;
use crate::{Data, Error, ErrorKind, FromData, Message, Result};

/// A placeholder in a chat prompt for messages from the input, such as the conversation history.
///
/// The value of the variable is a list of messages, or of values that convert to messages: texts (human messages),
/// `[role, text]` pairs, or records with `role` and `content`.
///
/// # Errors
/// Filling it fails with [`ErrorKind::MissingKey`] when the variable has no value, with [`ErrorKind::InvalidInput`]
/// when its value is not a list of messages, and as [`convert_to_messages`](crate::convert_to_messages) does for an
/// element that is not a message.
///
/// # Example
/// ```
/// use catena_core::{vars, ChatPromptTemplate, Message, MessagesPlaceholder};
/// let prompt = ChatPromptTemplate::new([("system", "Be brief.")])?
///     .with_placeholder(MessagesPlaceholder::new("history").with_limit(2))
///     .with_template("human", "{question}")?;
/// let history = vec![Message::human("Hi, I am Ann"), Message::ai("Hello"), Message::human("It rains")];
/// let messages = prompt.format_messages(vars! { history: history, question: "Why?" })?;
/// let texts: Vec<_> = messages.iter().map(|message| message.text()).collect();
/// assert_eq!(texts, ["Be brief.", "Hello", "It rains", "Why?"]);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagesPlaceholder {
    variable: String,
    optional: bool,
    limit: Option<usize>,
}

impl MessagesPlaceholder {
    /// Creates a required placeholder for the messages in this variable.
    pub fn new(variable: impl Into<String>) -> Self {
        Self { variable: variable.into(), optional: false, limit: None }
    }

    /// Makes the variable optional: if it is missing or `Null`, no messages are inserted.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Limits how many messages are inserted; the last ones are kept.
    #[doc(alias = "n_messages")]
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Returns the name of the variable.
    #[doc(alias = "variable_name")]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Returns whether the variable may be missing.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// Returns the maximum number of messages, if limited.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// Appends the messages.
    pub(super) fn fill(&self, values: Values<'_>, messages: &mut Vec<Message>) -> Result<()> {
        let value = match self.optional {
            true => values.get_optional(&self.variable)?,
            false => Some(values.get(&self.variable)?),
        };
        let Some(value) = value else { return Ok(()) };
        let Data::List(mut items) = value.clone().into_plain() else {
            return Err(self.unfit(ErrorKind::InvalidInput, &format!("is {}", value.kind())));
        };
        let skipped = self.limit.map_or(0, |limit| items.len().saturating_sub(limit));
        for (index, item) in items.drain(skipped..).enumerate() {
            let message = Message::from_data(item).map_err(|error| {
                let what =
                    format!("has an invalid message at index {}: {}", skipped + index, error.message());
                self.unfit(error.kind(), &what)
            })?;
            messages.push(message);
        }
        Ok(())
    }

    fn unfit(&self, kind: ErrorKind, what: &str) -> Error {
        Error::new(kind, format!("the variable `{}` must be a list of messages, but {what}", self.variable))
    }
}
