//! Chat prompts made of others: joined, cut, filled in part.

use std::ops::{Add, Bound, RangeBounds};
use std::sync::Arc;

use super::chat_entry::Entry;
use super::{ChatPromptTemplate, MessagesPlaceholder};
use crate::{Data, Error, ErrorKind, Message, Result};

impl ChatPromptTemplate {
    /// Fills a variable beforehand. A value of the input takes its place.
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

    /// Fills a variable beforehand with what a function gives each time the prompt is filled.
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

    /// The names of the variables that have a value when the input has none: those that are filled beforehand, and the
    /// [optional](Self::optional_variables) ones, each an empty list of messages.
    pub fn partial_variables(&self) -> impl Iterator<Item = &str> {
        let optional = self.optional_variables().iter().map(String::as_str);
        self.partials.names().chain(optional.filter(|name| !self.partials.contains(name)))
    }

    /// Both prompts, one after the other, as `+` gives it. Where both fill a variable beforehand, the second's value
    /// counts.
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

    /// Some of its messages and placeholders, by their numbers; what is beyond the end is not there.
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

    /// Fails unless exactly the variables that have to be filled are declared.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming one that is missing or not used.
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

    /// The prompt with names in braces for what is still to be filled, for people to read.
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

/// A message as it is.
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

/// The text is a template of what a person says.
impl Add<&str> for ChatPromptTemplate {
    type Output = Result<Self>;

    fn add(self, template: &str) -> Result<Self> {
        self.with_template("human", template)
    }
}
