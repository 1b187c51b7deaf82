//! A prompt that consists of a list of messages.

use super::chat_entry::Entry;
use super::message_template::{MessageTemplate, Role};
use super::partials::Partials;
use super::values::Values;
use super::{MessagesPlaceholder, PromptTemplate, TemplateFormat};
use crate::schema::Object;
use crate::{Data, Error, ErrorKind, Message, Outline, Prompt, PromptValue, Result};

/// A prompt of several messages: message templates, fixed messages, and placeholders for messages from the input.
///
/// Templates are parsed once; inserted values are never parsed. A prompt that requires exactly one variable also
/// accepts a bare value instead of a record.
///
/// # Errors
/// Filling it fails with [`ErrorKind::MissingKey`] when a variable has no value, and with [`ErrorKind::InvalidInput`]
/// when the value of a placeholder is not a list of messages, or when a bare value is given to a prompt that does not
/// require exactly one variable.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, vars, ChatPromptTemplate, Message, MessagesPlaceholder, RunnableExt};
/// # futures_executor::block_on(async {
/// let prompt = ChatPromptTemplate::new([
///     ("system", "You are {who}."),
///     ("placeholder", "{history}"),
///     ("human", "{question}"),
/// ])?;
/// assert_eq!(prompt.variables(), ["who", "question"]);
/// assert_eq!(prompt.optional_variables(), ["history"]);
///
/// let chain = prompt | FakeChatModel::new(["Because."]);
/// let history = vec![Message::human("It rains."), Message::ai("Yes.")];
/// chain.invoke(vars! { who: "a poet", history: history, question: "Why?" }).await?;
/// chain.invoke(vars! { who: "a cook", question: "Why?" }).await?;
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatPromptTemplate {
    pub(super) entries: Vec<Entry>,
    pub(super) partials: Partials,
    /// The language of templates added as text.
    pub(super) format: TemplateFormat,
    variables: Vec<String>,
    optional_variables: Vec<String>,
}

impl ChatPromptTemplate {
    /// Creates a prompt from pairs of a role and a template.
    ///
    /// Roles are `system`, `human` or `user`, and `ai` or `assistant`. With `placeholder`, the template is the name, in
    /// braces, of an optional variable that holds messages.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for an unknown role, [`ErrorKind::Template`] with the position of the syntax error.
    #[doc(alias = "from_messages")]
    pub fn new<R: AsRef<str>, T: AsRef<str>>(messages: impl IntoIterator<Item = (R, T)>) -> Result<Self> {
        let mut messages = messages.into_iter();
        messages.try_fold(Self::default(), |prompt, (role, template)| prompt.with_template(role, template))
    }

    /// Creates a prompt of a single human message.
    ///
    /// # Errors
    /// [`ErrorKind::Template`] with the position of the syntax error.
    ///
    /// # Example
    /// ```
    /// use catena_core::{ChatPromptTemplate, Message};
    /// let prompt = ChatPromptTemplate::from_template("Tell me about {topic}")?;
    /// assert_eq!(prompt.format_messages("tea")?, [Message::human("Tell me about tea")]);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn from_template(template: &str) -> Result<Self> {
        Self::default().with_template("human", template)
    }

    /// Sets the language of the templates that are added as text after this call.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "mustache")] {
    /// use catena_core::{vars, ChatPromptTemplate, Message, TemplateFormat};
    /// let prompt = ChatPromptTemplate::default()
    ///     .with_template_format(TemplateFormat::Mustache)
    ///     .with_template("human", "{{#tags}}#{{.}} {{/tags}}")?;
    /// assert_eq!(prompt.format_messages(vars! { tags: vec!["tea", "cake"] })?, [Message::human("#tea #cake ")]);
    /// # }
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_template_format(mut self, format: TemplateFormat) -> Self {
        self.format = format;
        self
    }

    /// Adds a message template with a role, as [`new`](ChatPromptTemplate::new) does.
    ///
    /// # Errors
    /// Those of [`new`](ChatPromptTemplate::new).
    ///
    /// # Example
    /// ```
    /// use catena_core::ChatPromptTemplate;
    /// let prompt = ChatPromptTemplate::new([("system", "Be brief.")])?.with_template("human", "{question}")?;
    /// assert_eq!(prompt.len(), 2);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "append")]
    pub fn with_template(self, role: impl AsRef<str>, template: impl AsRef<str>) -> Result<Self> {
        let (role, template) = (role.as_ref(), template.as_ref());
        if role == "placeholder" {
            return Ok(self.with_placeholder(placeholder(template)?));
        }
        let role = Role::parse(role)?;
        let template =
            PromptTemplate::parse(template, self.format).map_err(|error| self.in_message(&error))?;
        Ok(self.with_entry(Entry::Template(MessageTemplate::new(role, template))))
    }

    pub(super) fn in_message(&self, error: &Error) -> Error {
        Error::new(error.kind(), format!("message {}: {}", self.len(), error.message()))
    }

    /// Adds a message as it is; braces in it are literal.
    ///
    /// # Example
    /// ```
    /// use catena_core::{vars, ChatPromptTemplate, Message};
    /// let prompt = ChatPromptTemplate::default().with_message(Message::system(r#"Answer like {"a": 1}."#));
    /// assert!(prompt.variables().is_empty());
    /// assert_eq!(prompt.format_messages(vars! {})?[0].text(), r#"Answer like {"a": 1}."#);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_message(self, message: impl Into<Message>) -> Self {
        self.with_entry(Entry::Message(Box::new(message.into())))
    }

    /// Adds a placeholder for messages from the input. See [`MessagesPlaceholder`].
    #[must_use]
    pub fn with_placeholder(self, placeholder: MessagesPlaceholder) -> Self {
        self.with_entry(Entry::Placeholder(placeholder))
    }

    /// Returns the names of the required variables, in order of first appearance.
    #[doc(alias = "input_variables")]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Returns the names of the variables that may be missing.
    pub fn optional_variables(&self) -> &[String] {
        &self.optional_variables
    }

    /// Returns the number of entries: messages, message templates, placeholders and sets of examples.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the prompt has no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Fills the prompt and returns its messages.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn format_messages(&self, vars: impl Into<Data>) -> Result<Vec<Message>> {
        self.fill(&vars.into())
    }

    fn fill(&self, vars: &Data) -> Result<Vec<Message>> {
        let partials = self.partials.resolve();
        let values = Values::new(vars, &self.variables).with_partials(&partials);
        let mut messages = Vec::with_capacity(self.entries.len());
        self.entries.iter().try_for_each(|entry| entry.fill(values, &partials, &mut messages))?;
        Ok(messages)
    }

    pub(super) fn with_entry(mut self, entry: Entry) -> Self {
        self.note(&entry);
        self.entries.push(entry);
        self
    }

    /// Recomputes the variables after a change of the entries or of the variables filled in advance.
    pub(super) fn with_variables_found(mut self) -> Self {
        self.variables.clear();
        self.optional_variables.clear();
        let entries = std::mem::take(&mut self.entries);
        entries.iter().for_each(|entry| self.note(entry));
        self.entries = entries;
        self
    }

    fn note(&mut self, entry: &Entry) {
        for name in entry.variables() {
            match entry.is_optional() {
                true => self.allow(name),
                false if self.partials.contains(name) => {}
                false => self.need(name),
            }
        }
    }

    fn need(&mut self, name: &str) {
        self.optional_variables.retain(|optional| optional != name);
        push_new(&mut self.variables, name);
    }

    fn allow(&mut self, name: &str) {
        if !self.variables.iter().any(|needed| needed == name) {
            push_new(&mut self.optional_variables, name);
        }
    }
}

impl Prompt for ChatPromptTemplate {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        let values = Values::new(vars, &self.variables);
        // Other prompts require every one of their variables anyway.
        match self.entries.iter().any(Entry::is_lenient) {
            true => values.require_all()?,
            false => values.refuse_stray()?,
        }
        self.fill(vars).map(PromptValue::Messages)
    }

    fn describe(&self, outline: Outline) -> Outline {
        let mut input = Object::texts(&self.variables);
        for entry in &self.entries {
            if let Entry::Placeholder(placeholder) = entry {
                input.allow_messages(placeholder.variable());
            }
        }
        outline.with_input_schema(input.into_schema("PromptInput")).with_constructor(self.constructor())
    }
}

crate::impl_prompt_runnable!(ChatPromptTemplate);

fn push_new(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|present| present == name) {
        names.push(name.to_owned());
    }
}

/// Parses `{name}`.
fn placeholder(template: &str) -> Result<MessagesPlaceholder> {
    let name = template.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    match name.filter(|name| !name.is_empty() && !name.contains(['{', '}'])) {
        Some(name) => Ok(MessagesPlaceholder::new(name).optional()),
        None => {
            let message = format!("a placeholder must be one variable name in braces, not `{template:.80}`");
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vars;
    use serde_json::json;

    /// Compares the messages, as a transcript, or the error with what is expected.
    #[track_caller]
    fn check(prompt: Result<ChatPromptTemplate>, vars: impl Into<Data>, expected: &str) {
        let shown = prompt.and_then(|prompt| prompt.format_prompt(&vars.into()));
        assert_eq!(shown.map_or_else(|error| error.to_string(), |value| value.to_string()), expected);
    }

    fn history() -> Result<ChatPromptTemplate> {
        let history = MessagesPlaceholder::new("history");
        Ok(ChatPromptTemplate::default().with_placeholder(history))
    }

    #[test]
    fn roles_and_variables() {
        let prompt = || ChatPromptTemplate::new([("system", "{a}"), ("user", "{b} {a}"), ("assistant", "c")]);
        check(prompt(), vars! { a: "x", b: json!({"y": 1}) }, "System: x\nHuman: {\"y\":1} x\nAI: c");
        check(prompt(), vars! { a: "{b}", b: "{{z}}" }, "System: {b}\nHuman: {{z}} {b}\nAI: c");
        assert_eq!(prompt().expect("a prompt").variables(), ["a", "b"]);
        check(
            prompt(),
            vars! { a: "x" },
            "missing variable `b`: the prompt needs `a`, `b`, the input has `a`; \
             if `{b}` is meant as text, write `{{b}}`",
        );
        check(
            prompt(),
            "x",
            "a single value fills only one variable, but this prompt has `a`, `b`: pass a record",
        );
        let optional = ChatPromptTemplate::new([("placeholder", "{h}")]).expect("a prompt");
        assert!(optional.partial_variables().eq(["h"]));
        let stray = optional.format_prompt(&"x".into()).expect_err("a value that gets lost");
        assert!(stray.to_string().contains("requires none"), "{stray}");
        assert!(optional.format_prompt(&Data::Null).is_ok());
        check(
            ChatPromptTemplate::new([("robot", "x")]),
            vars! {},
            "unknown role `robot`: use `system`, `human`, `user`, `ai`, `assistant` or `placeholder`",
        );
        check(
            ChatPromptTemplate::new([("human", "x"), ("human", "{a")]),
            vars! {},
            "message 1: template, character 1: unclosed `{`; write `{{` for a literal brace",
        );
    }

    #[test]
    fn placeholders() {
        let told = json!(["Hi", ["ai", "Yes?"], {"role": "user", "content": "{x}"}]);
        check(history(), vars! { history: told.clone() }, "Human: Hi\nAI: Yes?\nHuman: {x}");
        check(history(), Data::from(told.clone()), "Human: Hi\nAI: Yes?\nHuman: {x}");
        check(history(), vars! { history: Vec::<Message>::new() }, "");
        check(
            history(),
            vars! { history: "Hi" },
            "the variable `history` must be a list of messages, but is a string",
        );
        let bad = vars! { history: json!(["Hi", {"role": "user"}]) };
        let error = history().and_then(|prompt| prompt.format_messages(bad)).expect_err("no content");
        let place =
            "the variable `history` must be a list of messages, but has an invalid message at index 1: ";
        assert!(error.message().starts_with(place), "{error}");
        let last = MessagesPlaceholder::new("history").with_limit(2);
        let last = ChatPromptTemplate::default().with_placeholder(last);
        check(Ok(last), vars! { history: told }, "AI: Yes?\nHuman: {x}");
        check(
            ChatPromptTemplate::new([("placeholder", "history")]),
            vars! {},
            "a placeholder must be one variable name in braces, not `history`",
        );
    }

    #[test]
    fn an_optional_placeholder_may_stay_empty() {
        let prompt = || ChatPromptTemplate::new([("placeholder", "{history}"), ("human", "{q}")]);
        check(prompt(), vars! { q: "?" }, "Human: ?");
        check(prompt(), "?", "Human: ?");
        check(prompt(), vars! { q: "?", history: Data::Null }, "Human: ?");
        check(prompt(), vars! { q: "?", history: ["a", "b"].to_vec() }, "Human: a\nHuman: b\nHuman: ?");
        let needed = prompt().and_then(|prompt| prompt.with_template("human", "{history}"));
        let needed = needed.expect("a prompt");
        assert_eq!((needed.variables().len(), needed.optional_variables().len()), (2, 0));
    }
}
