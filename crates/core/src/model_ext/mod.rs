//! Extension methods of chat models: tools and structured output.

mod asked;
mod chosen;
mod guard;
mod method;
mod plan;
mod settings_kwargs;
mod structured_output;

pub(crate) use asked::Asked;
pub(crate) use chosen::{capabilities_of, capabilities_of_all};
pub(crate) use guard::refuse_unsupported;
pub use method::StructuredMethod;
pub use structured_output::StructuredOutput;

use serde_json::Value;

use crate::{AiMessage, Bound, Json, PromptValue, Runnable, RunnableExt, Tool, ToolLoop, ToolOptions};

/// Extension methods for everything that answers prompts like a chat model: every
/// [`LanguageModel`](crate::LanguageModel) whose answers are messages, and such a model with bound arguments, retries,
/// fallbacks and so on. Implemented automatically; never implement it by hand.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt};
/// use serde_json::json;
/// # futures_executor::block_on(async {
/// let model = FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada", "age": 36}"#)]);
/// let schema = json!({"title": "Person", "type": "object", "properties": {
///     "name": {"type": "string"}, "age": {"type": "integer"}}});
/// let person = model.with_structured_output_schema(schema).invoke("Ada is 36.").await?;
/// assert_eq!(person["age"], 36);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub trait ChatModelExt: Runnable<Input = PromptValue, Output = AiMessage> + Sized {
    /// Binds tools that the model may call.
    ///
    /// A tool is a [`Tool`], a [`RunnableTool`](crate::RunnableTool), or JSON: a definition with `name`, `description`
    /// and `parameters`, a JSON Schema with a title, or a built-in tool of the service in its own format. The model's
    /// calls are in the answer's [`tool_calls`](AiMessage::tool_calls); they are not executed.
    ///
    /// # Errors
    /// Calls fail with [`Unsupported`](crate::ErrorKind::Unsupported) before anything is sent if the model does not
    /// declare [`Capability::Tools`](crate::Capability::Tools).
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt, ToolCall};
    /// use serde_json::json;
    /// # futures_executor::block_on(async {
    /// let wish = AiMessage::new("").with_tool_calls([ToolCall::new("get_weather", [("city", "Paris")])]);
    /// let model = FakeMessagesListChatModel::new([wish]);
    /// let tool = json!({"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}});
    /// let answer = model.bind_tools([tool]).invoke("How is the weather in Paris?").await?;
    /// assert_eq!(answer.tool_calls()[0].name, "get_weather");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn bind_tools<T: Into<Value>>(self, tools: impl IntoIterator<Item = T>) -> Bound<Self> {
        self.bind_tools_with(tools, &ToolOptions::new())
    }

    /// Like [`bind_tools`](ChatModelExt::bind_tools), with options: whether tools must be called, whether parallel tool
    /// calls are allowed, and whether the service enforces their schemas.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt, ToolOptions, tool};
    /// use serde_json::{json, Value};
    /// # futures_executor::block_on(async {
    /// let model = FakeMessagesListChatModel::new([AiMessage::new("")]);
    /// let now = tool("now", "The time.", json!({"type": "object"}), |_: Value| "12:00");
    /// model.clone().bind_tools_with([now], &ToolOptions::new().with_choice("any")).invoke("What time is it?").await?;
    /// assert_eq!(model.arguments()[0]["tool_choice"], "required");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn bind_tools_with<T: Into<Value>>(
        self,
        tools: impl IntoIterator<Item = T>,
        options: &ToolOptions,
    ) -> Bound<Self> {
        let arguments = options.arguments(tools.into_iter().map(Into::into));
        self.bind_all(arguments)
    }

    /// Creates a loop that calls the model, executes the tools it calls, and calls it again with their results until it
    /// answers; see [`ToolLoop`]. To only tell the model about tools, use [`bind_tools`](ChatModelExt::bind_tools).
    ///
    /// # Example
    /// See [`ToolLoop`].
    fn with_tools<T: Into<Tool>>(self, tools: impl IntoIterator<Item = T>) -> ToolLoop<Self> {
        ToolLoop::new(self, tools.into_iter().map(Into::into))
    }

    /// Creates a runnable that answers with a `T`; see [`StructuredOutput`]. The model receives the type's JSON Schema,
    /// which should describe an object and have a description.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// # futures_executor::block_on(async {
    /// /// A person mentioned in the text.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Person {
    ///     name: String,
    ///     age: u8,
    /// }
    /// let model = FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada", "age": 36}"#)]);
    /// let person = model.with_structured_output::<Person>().invoke("Ada is 36.").await?;
    /// assert_eq!((person.name.as_str(), person.age), ("Ada", 36));
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[cfg(feature = "schemars")]
    fn with_structured_output<T>(self) -> StructuredOutput<Self, crate::Parsed<T>>
    where
        T: serde::de::DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static,
    {
        self.with_structured_output_as::<T>(crate::schema::described::<T>())
    }

    /// Creates a runnable that answers with a `T`, given a schema for it; see [`StructuredOutput`]. The service holds
    /// the model to the schema, but whether an answer is accepted is decided by serde.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeMessagesListChatModel, AiMessage, ChatModelExt, RunnableExt};
    /// use serde_json::json;
    /// # use serde::Deserialize;
    /// # futures_executor::block_on(async {
    /// #[derive(Deserialize)]
    /// struct Person {
    ///     name: String,
    /// }
    /// let model = FakeMessagesListChatModel::new([AiMessage::new(r#"{"name": "Ada"}"#)]);
    /// let schema = json!({"title": "Person", "type": "object", "properties": {"name": {"type": "string"}}});
    /// assert_eq!(model.with_structured_output_as::<Person>(schema).invoke("Ada is 36.").await?.name, "Ada");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn with_structured_output_as<T>(self, schema: Value) -> StructuredOutput<Self, crate::Parsed<T>>
    where
        T: serde::de::DeserializeOwned + Send + Sync + 'static,
    {
        Asked::<crate::Parsed<T>>::typed(schema).of(self)
    }

    /// Creates a runnable that answers with JSON of a schema known only at run time; see [`StructuredOutput`].
    ///
    /// The schema has a `title`, or is the `parameters` of a definition with a `name`. The answer is not validated
    /// against the schema, so that partial values can be streamed.
    ///
    /// # Example
    /// See [`ChatModelExt`].
    fn with_structured_output_schema(self, schema: Value) -> StructuredOutput<Self, Json> {
        Asked::json(schema).of(self)
    }
}

impl<R: Runnable<Input = PromptValue, Output = AiMessage>> ChatModelExt for R {}
