//! A place in a chat prompt for messages that come with the input.

use super::values::Values;
use crate::{Data, Error, ErrorKind, FromData, Message, Result};

/// A place in a chat prompt for messages that come with the input, such as the conversation so far.
///
/// The variable's value is a list of messages, or of what reads as messages: texts of a person, `[role, text]`, or
/// records with `role` and `content`.
///
/// # Errors
/// Filling it fails with [`ErrorKind::MissingKey`] when the variable has no value, with [`ErrorKind::InvalidInput`] when
/// its value is no list of messages, and as
/// [`convert_to_messages`](crate::convert_to_messages) does for what is no message in it.
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
    /// A place for the messages in this variable.
    pub fn new(variable: impl Into<String>) -> Self {
        Self { variable: variable.into(), optional: false, limit: None }
    }

    /// The variable may be missing or `Null`; then no message is put here.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Puts at most this many messages here: the last ones.
    #[doc(alias = "n_messages")]
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The name of the variable.
    #[doc(alias = "variable_name")]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// True when the variable may be missing.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// How many messages there are at most.
    pub(crate) fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// Puts the messages behind those that are there.
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
