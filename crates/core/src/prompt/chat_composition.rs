//! Composition of chat prompts: concatenation, slicing and partial variables.

use std::ops::{Add, Bound, RangeBounds};
use std::sync::Arc;

use super::chat_entry::Entry;
use super::{ChatPromptTemplate, MessagesPlaceholder};
use crate::{Data, Error, ErrorKind, Message, Result};

impl ChatPromptTemplate {
    /// Fills a variable in advance. A value in the input overrides it.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatPromptTemplate, Message};
    /// let prompt = ChatPromptTemplate::new([("human", "{greeting}, {name}!")])?.with_partial("greeting", "Hello");
    /// assert_eq!(prompt.format_messages("Ann")?, [Message::human("Hello, Ann!")]);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial(mut self, name: impl Into<String>, value: impl Into<Data>) -> Self {
        self.partials.set(name.into(), value.into());
        self.with_variables_found()
    }

    /// Fills a variable in advance with the result of a function, which is called each time the prompt is filled.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, ChatPromptTemplate, Message};
    /// let prompt = ChatPromptTemplate::new([("human", "It is {time}.")])?.with_partial_fn("time", || "late");
    /// assert_eq!(prompt.format_messages(vars! {})?, [Message::human("It is late.")]);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial_fn<T: Into<Data>>(
        mut self,
        name: impl Into<String>,
        value: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        self.partials.set_function(name.into(), Arc::new(move || value().into()));
        self.with_variables_found()
    }

    /// Returns the names of the variables that need no value in the input: those filled in advance, and the
    /// [optional](Self::optional_variables) ones, which default to an empty list of messages.
    pub fn partial_variables(&self) -> impl Iterator<Item = &str> {
        let optional = self.optional_variables().iter().map(String::as_str);
        self.partials.names().chain(optional.filter(|name| !self.partials.contains(name)))
    }

    /// Concatenates two prompts, as `+` does. If both fill the same variable in advance, the value of `next` is used.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatPromptTemplate, Message, MessagesPlaceholder};
    /// let rules = ChatPromptTemplate::new([("system", "Be brief.")])?;
    /// let prompt = (rules + MessagesPlaceholder::new("history") + Message::ai("Yes?") + "{question}")?;
    /// assert_eq!(prompt.variables(), ["history", "question"]);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[must_use]
    pub fn concat(mut self, next: Self) -> Self {
        self.entries.extend(next.entries);
        self.partials.extend(&next.partials);
        self.with_variables_found()
    }

    /// Returns a prompt of the messages and placeholders in a range of indices; indices past the end are ignored.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, ChatPromptTemplate, Message};
    /// let prompt = ChatPromptTemplate::new([("system", "a"), ("human", "b"), ("ai", "c")])?;
    /// assert_eq!(prompt.slice(1..2).format_messages(vars! {})?, [Message::human("b")]);
    /// assert_eq!(prompt.slice(1..).len(), 2);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => usize::MAX,
        };
        let end = end.min(self.len());
        let mut part = self.clone();
        part.entries = self.entries.get(start.min(end)..end).unwrap_or_default().to_vec();
        part.with_variables_found()
    }

    /// Checks that the declared variables are exactly the required ones.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming a variable that is not declared, or is declared but not used.
    ///
    /// # Example
    /// ```
    /// use catena_core::ChatPromptTemplate;
    /// let prompt = ChatPromptTemplate::new([("human", "{a} {b}")])?;
    /// assert!(prompt.validate(["b", "a"]).is_ok());
    /// assert!(prompt.validate(["a"]).is_err());
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "validate_template")]
    pub fn validate<S: AsRef<str>>(&self, declared: impl IntoIterator<Item = S>) -> Result<()> {
        let declared: Vec<S> = declared.into_iter().collect();
        let is_declared = |name: &str| declared.iter().any(|declared| declared.as_ref() == name);
        let is_used = |name: &str| self.variables().iter().any(|variable| variable == name);
        let missing = self.variables().iter().find(|name| !is_declared(name));
        let message = match (missing, declared.iter().find(|name| !is_used(name.as_ref()))) {
            (Some(name), _) => format!("the prompt uses `{name}`, but does not declare it"),
            (None, Some(name)) => format!("the prompt declares `{:.80}`, but does not use it", name.as_ref()),
            (None, None) => return Ok(()),
        };
        Err(Error::new(ErrorKind::Config, message))
    }

    /// Renders the prompt for display, with the names of unfilled variables in braces.
    ///
    /// # Example
    /// ```
    /// use catena_core::ChatPromptTemplate;
    /// let text = ChatPromptTemplate::new([("human", "Hi {name}")])?.pretty();
    /// assert!(text.starts_with("=====") && text.ends_with("\n\nHi {name}"));
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "pretty_repr")]
    pub fn pretty(&self) -> String {
        self.entries.iter().map(Entry::pretty).collect::<Vec<_>>().join("\n\n")
    }
}

impl Add for ChatPromptTemplate {
    type Output = Self;

    fn add(self, next: Self) -> Self {
        self.concat(next)
    }
}

/// Appends the message as it is; it is not parsed as a template.
impl Add<Message> for ChatPromptTemplate {
    type Output = Self;

    fn add(self, message: Message) -> Self {
        self.with_message(message)
    }
}

impl Add<MessagesPlaceholder> for ChatPromptTemplate {
    type Output = Self;

    fn add(self, placeholder: MessagesPlaceholder) -> Self {
        self.with_placeholder(placeholder)
    }
}

/// Parses the text as the template of a human message.
impl Add<&str> for ChatPromptTemplate {
    type Output = Result<Self>;

    fn add(self, template: &str) -> Result<Self> {
        self.with_template("human", template)
    }
}
