//! A chat prompt that specifies the form of the answer.

use std::borrow::Cow;
use std::fmt;
use std::ops::BitOr;

use async_trait::async_trait;
use serde_json::Value;

use super::{ChatPromptTemplate, Prompt, PromptValue};
use crate::load::Constructor;
use crate::model_ext::Asked;
use crate::{
    AiMessage, Chunk, Context, Data, Error, ErrorKind, Json, Outline, Pipe, RedactedArguments, Result,
    RunKind, Runnable, StructuredMethod, StructuredOutput, WithRaw,
};

/// A chat prompt with a schema for the answer. Piped to a chat model, it requests [structured
/// output](StructuredOutput); on its own, it behaves as the chat prompt.
///
/// The answer is [`Json`], a Rust type ([`typed`](StructuredPrompt::typed)), or either together with the model's
/// message ([`include_raw`](StructuredPrompt::include_raw)). It can be piped only to a chat model:
///
/// ```compile_fail
/// use catena_core::{ChatPromptTemplate, StrOutputParser, StructuredPrompt};
/// let prompt = StructuredPrompt::new(ChatPromptTemplate::from_template("{x}").unwrap(), serde_json::json!({"title": "X"}));
/// let chain = prompt.unwrap() | StrOutputParser;
/// ```
///
/// # Errors
/// Those of [`ChatPromptTemplate`]; a chain with a model also fails with those of [`StructuredOutput`].
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatPromptTemplate, RunnableExt, StructuredPrompt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let messages = ChatPromptTemplate::new([("system", "Find the person."), ("human", "{text}")])?;
/// let schema = json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
/// let prompt = StructuredPrompt::new(messages, schema)?;
///
/// let chain = prompt | FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada"}"#)]);
/// assert_eq!(chain.invoke("Ada wrote the first program.").await?["name"], "Ada");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct StructuredPrompt<O = Json> {
    prompt: ChatPromptTemplate,
    asked: Asked<O>,
}

impl StructuredPrompt {
    /// Creates a prompt whose answer is JSON that conforms to this schema. The schema has a `title`, or is the
    /// `parameters` of a function description with a `name`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the schema is empty.
    #[doc(alias = "from_messages_and_schema")]
    pub fn new(prompt: ChatPromptTemplate, schema: Value) -> Result<Self> {
        match schema.as_object().is_some_and(|members| !members.is_empty()) {
            true => Ok(Self { prompt, asked: Asked::json(schema) }),
            false => {
                Err(Error::new(ErrorKind::Config, "a structured prompt requires a schema for its answer"))
            }
        }
    }
}

#[cfg(feature = "schemars")]
impl StructuredPrompt {
    /// Creates a prompt whose answer is a value of this type. Its JSON Schema should be that of an object with a
    /// description.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatPromptTemplate, RunnableExt, StructuredPrompt};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// # futures_executor::block_on(async {
    /// /// A person mentioned in the text.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Person {
    ///     name: String,
    /// }
    /// let prompt = StructuredPrompt::typed::<Person>(ChatPromptTemplate::from_template("{text}")?);
    /// let chain = prompt | FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada"}"#)]);
    /// assert_eq!(chain.invoke("Ada wrote the first program.").await?.name, "Ada");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub fn typed<T>(prompt: ChatPromptTemplate) -> StructuredPrompt<crate::Parsed<T>>
    where
        T: serde::de::DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static,
    {
        StructuredPrompt { prompt, asked: Asked::typed(crate::schema::described::<T>()) }
    }
}

impl<O: Chunk> StructuredPrompt<O> {
    /// Sets the mechanism by which the model produces structured output.
    #[must_use]
    pub fn with_method(mut self, method: StructuredMethod) -> Self {
        self.asked = self.asked.set(|settings| settings.method = Some(method));
        self
    }

    /// Sets whether the provider enforces the schema strictly; see [`StructuredOutput::with_strict`].
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.asked = self.asked.set(|settings| settings.strict = Some(strict));
        self
    }

    /// Adds tools that the model may call instead of answering; see [`StructuredOutput::with_bound_tools`].
    #[must_use]
    #[doc(alias = "tools")]
    pub fn with_bound_tools<T: Into<Value>>(mut self, tools: impl IntoIterator<Item = T>) -> Self {
        let tools = tools.into_iter().map(Into::into);
        self.asked = self.asked.set(|settings| settings.tools.extend(tools));
        self
    }

    /// Makes the chain return the model's message as well, and report a parsing error instead of failing. Call this
    /// last.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatPromptTemplate, RunnableExt, StructuredPrompt};
    /// # futures_executor::block_on(async {
    /// let schema = serde_json::json!({"title": "Person", "type": "object"});
    /// let prompt = StructuredPrompt::new(ChatPromptTemplate::from_template("{text}")?, schema)?.include_raw();
    /// let chain = prompt | FakeMessagesListChatModel::new([AiMessage::new("Who?")]);
    /// let answer = chain.invoke("Ada").await?;
    /// assert!(answer.raw.text() == "Who?" && answer.parsing_error.is_some());
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn include_raw(self) -> StructuredPrompt<WithRaw<O>> {
        StructuredPrompt { prompt: self.prompt, asked: self.asked.include_raw() }
    }

    /// Fills a variable in advance. A value in the input overrides it.
    #[doc(alias = "partial")]
    #[must_use]
    pub fn with_partial(mut self, name: impl Into<String>, value: impl Into<Data>) -> Self {
        self.prompt = self.prompt.with_partial(name, value);
        self
    }

    /// Returns the chat prompt.
    pub fn prompt(&self) -> &ChatPromptTemplate {
        &self.prompt
    }

    /// Returns the schema of the answer.
    pub fn schema(&self) -> &Value {
        &self.asked.settings.schema
    }

    /// Combines the prompt with a chat model that answers in its form, as `|` does.
    pub fn pipe<M>(self, model: M) -> Pipe<Self, StructuredOutput<M, O>>
    where
        M: Runnable<Input = PromptValue, Output = AiMessage>,
    {
        let model = self.asked.clone().of(model);
        Pipe::new(self, model)
    }

    fn constructor(&self) -> Option<Constructor> {
        let id = ["langchain_core", "prompts", "structured", "StructuredPrompt"];
        let made = self.prompt.constructor_as(id)?.with("schema_", self.schema().clone());
        match self.asked.settings.kwargs() {
            // A description that holds credentials for an MCP server is not saved.
            kwargs if RedactedArguments(&kwargs).hides_something() => None,
            kwargs if kwargs.is_empty() => Some(made),
            kwargs => Some(made.with("structured_output_kwargs", kwargs)),
        }
    }
}

impl<O: Chunk> Prompt for StructuredPrompt<O> {
    type Input = Data;

    fn format_prompt(&self, vars: &Data) -> Result<PromptValue> {
        self.prompt.format_prompt(vars)
    }

    fn describe(&self, outline: Outline) -> Outline {
        self.prompt.describe(outline).with_constructor(self.constructor())
    }
}

#[async_trait]
impl<O: Chunk> Runnable for StructuredPrompt<O> {
    type Input = Data;
    type Output = PromptValue;

    async fn call(&self, vars: Data, _cx: &Context) -> Result<PromptValue> {
        self.format_prompt(&vars)
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("StructuredPrompt")
    }

    fn kind(&self) -> RunKind {
        RunKind::Prompt
    }

    fn outline(&self) -> Outline {
        self.describe(Outline::of(self))
    }
}

/// Accepts only chat models; later steps are piped to the resulting chain.
impl<M, O> BitOr<M> for StructuredPrompt<O>
where
    M: Runnable<Input = PromptValue, Output = AiMessage>,
    O: Chunk,
{
    type Output = Pipe<Self, StructuredOutput<M, O>>;

    fn bitor(self, model: M) -> Self::Output {
        self.pipe(model)
    }
}

impl<O> Clone for StructuredPrompt<O> {
    fn clone(&self) -> Self {
        Self { prompt: self.prompt.clone(), asked: self.asked.clone() }
    }
}

/// Compares everything that determines the answer.
impl<O> PartialEq for StructuredPrompt<O> {
    fn eq(&self, other: &Self) -> bool {
        self.prompt == other.prompt && self.asked.settings == other.asked.settings
    }
}

impl<O> fmt::Debug for StructuredPrompt<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StructuredPrompt").field("prompt", &self.prompt).field("asked", &self.asked).finish()
    }
}

/// Used when loading a saved prompt.
impl StructuredPrompt {
    /// Applies settings given under LangChain's names.
    pub(crate) fn with_kwargs(mut self, kwargs: serde_json::Map<String, Value>) -> Result<Self> {
        self.asked.settings.set_kwargs(kwargs)?;
        Ok(self)
    }

    /// Returns whether the saved prompt includes the model's message with the answer.
    pub(crate) fn wants_raw(&self) -> bool {
        self.asked.settings.include_raw
    }
}
