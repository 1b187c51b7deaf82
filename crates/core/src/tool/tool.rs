//! Tools that a model may call.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::arguments;
use super::function::ToolFunction;
use super::on_tool_error::OnToolError;
use super::output::ToolOutput;
use crate::{
    Content, Context, Data, Error, ErrorKind, Message, Outline, Result, RunKind, Runnable, RunnableExt,
    RunnableTool, ToolCall, ToolMessage, ToolStatus,
};

/// A tool that a model may call: its definition and its implementation. Cheap to clone.
///
/// Created by [`tool`] from a closure, by [`Tool::from_function`] from a function with typed arguments, by the
/// attribute `#[tool]`, and from any runnable by [`as_tool`](crate::RunnableExt::as_tool).
///
/// A tool is a [`Runnable`] that takes a [`ToolCall`] and returns the [`ToolMessage`] that answers it, with the call's
/// id and the tool's name. [`run`](Tool::run) takes arguments and returns the output itself.
///
/// Models are imprecise about types, so arguments are coerced where the meaning is clear: a number or boolean given as
/// a string, or 5.0 where an integer is expected.
///
/// # Errors
/// Arguments that do not match their schema are an [`ErrorKind::InvalidInput`] error, which names each violation in
/// words that a model can follow; all other errors are those of the function.
/// [`with_error_handling`](Tool::with_error_handling) turns errors into messages.
///
/// # Cancellation
/// An `async` function is dropped at its current await point; a sync function runs to completion.
///
/// # Example
/// ```
/// use catena_core::{tool, RunnableExt, ToolCall};
/// use serde_json::{json, Value};
/// # futures_executor::block_on(async {
/// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
/// let weather = tool("get_weather", "The weather in a city.", schema, |args: Value| format!("sunny in {}", args["city"]));
///
/// let message = weather.invoke(ToolCall::new("get_weather", [("city", "Paris")]).with_id("call_1")).await?;
/// assert_eq!((message.content.text().as_ref(), message.tool_call_id.as_str()), ("sunny in \"Paris\"", "call_1"));
///
/// let error = weather.invoke(ToolCall::new("get_weather", [("city", 5)])).await.unwrap_err();
/// assert_eq!(error.message(), "invalid arguments for the tool `get_weather`: expected `city` to be a string, found 5");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
#[doc(alias = "BaseTool")]
#[doc(alias = "StructuredTool")]
pub struct Tool {
    name: Arc<str>,
    description: Arc<str>,
    parameters: Arc<Value>,
    body: Arc<dyn Body>,
    on_error: Option<OnToolError>,
    on_invalid_arguments: Option<OnToolError>,
    return_direct: bool,
    extras: Map<String, Value>,
}

/// Creates a tool from a function, with a JSON Schema of its arguments that is known only at run time.
///
/// The function takes the arguments, or the arguments and the [`Context`] of the call, and returns a plain value, a
/// `Result` with any error (see [`IntoToolOutput`](crate::IntoToolOutput)), or a future of one. Arguments are a
/// [`Value`], or any deserializable type; they are first validated against the schema, and completed with its defaults.
///
/// A sync function runs where it is called and blocks everything else polled there. For long computations or file
/// access, use an `async` function that moves the work to a thread of its executor, with
/// `tokio::task::spawn_blocking(work).await` or `smol::unblock(work).await`.
///
/// A plain `invoke` inside the function is a run of its own, which the caller's observers do not see and to which the
/// caller's configurable values, concurrency limit and budgets do not apply. To call a model or a chain within the
/// caller's run, take the [`Context`] and use [`invoke_in`](RunnableExt::invoke_in). For state that calls share, see
/// [`Tool::from_function`].
///
/// # Example
/// ```
/// use catena_core::{tool, Context, Error};
/// use serde_json::{json, Value};
/// # futures_executor::block_on(async {
/// let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "default": 2}}});
/// let double = tool("double", "Doubles a number.", schema, async |args: Value| {
///     args["n"].as_i64().map(|n| 2 * n).ok_or("that is no whole number")
/// });
/// assert_eq!(double.run(json!({"n": 4}), &Context::default()).await?.content.text(), "8");
/// assert_eq!(double.run(json!({}), &Context::default()).await?.content.text(), "4");
/// # Ok::<(), Error>(()) }).unwrap();
/// ```
pub fn tool<F, Form>(
    name: impl Into<Arc<str>>,
    description: impl Into<Arc<str>>,
    schema: Value,
    function: F,
) -> Tool
where
    F: ToolFunction<Form> + 'static,
    Form: 'static,
{
    Tool::new(name, description, schema, FunctionBody { function, checked: true, form: PhantomData })
}

impl Tool {
    /// Creates a tool from a function with typed arguments, whose type also provides their schema.
    ///
    /// The function may run several times at once, so it is an `Fn`: it shares what it captures, and changes it only
    /// through an atomic or a lock. In an `async` tool, each call moves a clone, cheap for an `Arc` and for clients and
    /// pools, into its `async` block; see the second example.
    ///
    /// A plain `invoke` inside the function is a run of its own. To call a model or a chain within the run of the tool,
    /// take the [`Context`] and use [`invoke_in`](RunnableExt::invoke_in), as below.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Context, Tool};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// # futures_executor::block_on(async {
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Add {
    ///     /// The first.
    ///     a: i64,
    ///     b: i64,
    /// }
    /// let add = Tool::from_function("add", "Adds two numbers.", |Add { a, b }: Add| a + b);
    /// assert_eq!(add.parameters()["properties"]["a"]["description"], "The first.");
    /// assert_eq!(add.run(serde_json::json!({"a": 2, "b": 3}), &Context::default()).await?.content.text(), "5");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    ///
    /// With state, and a call of a model within the same run:
    /// ```
    /// use catena_core::{fakes::FakeLlm, Context, Error, RunnableExt, Tool};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    /// use std::collections::HashMap;
    /// use std::sync::Arc;
    /// # futures_executor::block_on(async {
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Summarize {
    ///     file: String,
    /// }
    /// let files = Arc::new(HashMap::from([("a.txt".to_owned(), "A long text.")])); // or a connection pool
    /// let model = FakeLlm::new(["Short."]);
    /// let summarize = Tool::from_function("summarize", "Summarizes a file.", move |args: Summarize, cx: Context| {
    ///     let (files, model) = (files.clone(), model.clone());
    ///     async move {
    ///         let text = *files.get(&args.file).ok_or_else(|| Error::other("no such file"))?;
    ///         model.invoke_in(text, &cx).await
    ///     }
    /// });
    /// let output = summarize.run(serde_json::json!({"file": "a.txt"}), &Context::default()).await?;
    /// assert_eq!(output.content.text(), "Short.");
    /// # Ok::<(), Error>(()) }).unwrap();
    /// ```
    #[cfg(feature = "schemars")]
    pub fn from_function<F, Form>(
        name: impl Into<Arc<str>>,
        description: impl Into<Arc<str>>,
        function: F,
    ) -> Self
    where
        F: ToolFunction<Form> + 'static,
        F::Arguments: schemars::JsonSchema,
        Form: 'static,
    {
        let schema = super::schema::parameters(crate::schema::described::<F::Arguments>());
        Self::new(name, description, schema, FunctionBody { function, checked: false, form: PhantomData })
    }

    fn new(
        name: impl Into<Arc<str>>,
        description: impl Into<Arc<str>>,
        parameters: Value,
        body: impl Body + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            parameters: Arc::new(parameters),
            body: Arc::new(body),
            on_error: None,
            on_invalid_arguments: None,
            return_direct: false,
            extras: Map::new(),
        }
    }

    /// Sets the handling of the function's errors. By default the call fails with them; in a
    /// [`ToolLoop`](crate::ToolLoop) they are sent to the model, except for [those that never are](OnToolError).
    #[must_use]
    #[doc(alias = "handle_tool_error")]
    pub fn with_error_handling(mut self, on_error: OnToolError) -> Self {
        self.on_error = Some(on_error);
        self
    }

    /// Sets the handling of invalid arguments. By default the same as for [other errors](Tool::with_error_handling).
    #[must_use]
    #[doc(alias = "handle_validation_error")]
    pub fn with_argument_error_handling(mut self, on_error: OnToolError) -> Self {
        self.on_invalid_arguments = Some(on_error);
        self
    }

    /// Makes the tool's output the final answer of a [`ToolLoop`](crate::ToolLoop), without passing it to the model.
    ///
    /// This does not apply if the model called other tools in the same round whose outputs it has yet to see, or if a
    /// call failed.
    #[must_use]
    pub fn return_direct(mut self) -> Self {
        self.return_direct = true;
        self
    }

    /// Adds a service-specific property of the tool, such as `defer_loading` or `cache_control`. It is sent only to
    /// services that support it.
    ///
    /// # Example
    /// ```
    /// use catena_core::tool;
    /// use serde_json::{json, Value};
    /// let find = tool("find", "Finds a file.", json!({"type": "object"}), |_: Value| "a.txt");
    /// let find = find.with_extra("defer_loading", true);
    /// assert_eq!(find.definition()["extras"], json!({"defer_loading": true}));
    /// ```
    #[must_use]
    #[doc(alias = "extras")]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extras.insert(name.into(), value.into());
        self
    }

    /// Returns the name by which the model calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the description for the model.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Returns the JSON Schema of its arguments.
    #[doc(alias = "args_schema")]
    pub fn parameters(&self) -> &Value {
        &self.parameters
    }

    /// Returns the definition sent to models: `name`, `description` and `parameters`, and `extras` if there are any.
    pub fn definition(&self) -> Value {
        let (name, description) = (&*self.name, &*self.description);
        let mut told = json!({ "name": name, "description": description, "parameters": &*self.parameters });
        if !self.extras.is_empty() {
            told["extras"] = self.extras.clone().into();
        }
        told
    }

    /// Returns `true` if its output is the final answer of a [`ToolLoop`](crate::ToolLoop).
    pub fn returns_directly(&self) -> bool {
        self.return_direct
    }

    /// Calls the tool with these arguments as part of the run of `cx` and returns its output. A string stands for the
    /// argument of a tool that has exactly one.
    ///
    /// # Errors
    /// As described for [`Tool`]; errors are not turned into messages.
    pub async fn run(&self, arguments: impl Into<Data>, cx: &Context) -> Result<ToolOutput> {
        let arguments = arguments::as_json(arguments.into(), &self.parameters);
        self.body.call(arguments, &self.parameters, cx).await.map_err(|fault| match fault {
            Fault::Failed(error) => error,
            Fault::Arguments(why) => self.misfit(&why),
        })
    }

    /// Returns this tool with this error handling, unless it has its own.
    pub(super) fn or_handling(mut self, on_error: OnToolError) -> Self {
        self.on_error.get_or_insert(on_error);
        self
    }

    fn misfit(&self, why: &str) -> Error {
        Error::new(
            ErrorKind::InvalidInput,
            format!("invalid arguments for the tool `{:.100}`: expected {why}", self.name),
        )
    }

    fn answer(&self, call: ToolCall, output: ToolOutput, status: ToolStatus) -> ToolMessage {
        let mut message = ToolMessage::new(output.content, call.id.unwrap_or_default());
        message.name = Some((*self.name).to_owned());
        message.artifact = output.artifact;
        message.status = status;
        message
    }
}

#[async_trait]
impl Runnable for Tool {
    type Input = ToolCall;
    type Output = ToolMessage;

    async fn call(&self, mut call: ToolCall, cx: &Context) -> Result<ToolMessage> {
        let cx = &cx.with_tool_call(call.id.as_deref());
        let arguments = arguments::as_json(Data::Record(std::mem::take(&mut call.args)), &self.parameters);
        let fault = match self.body.call(arguments, &self.parameters, cx).await {
            Ok(output) => return Ok(self.answer(call, output, ToolStatus::Success)),
            Err(fault) => fault,
        };
        let raise = OnToolError::Raise;
        let on_error = self.on_error.as_ref().unwrap_or(&raise);
        let (error, handling) = match fault {
            Fault::Failed(error) => (error, on_error),
            Fault::Arguments(why) => {
                (self.misfit(&why), self.on_invalid_arguments.as_ref().unwrap_or(on_error))
            }
        };
        match handling.text(&error) {
            Some(text) => Ok(self.answer(call, text.into(), ToolStatus::Error)),
            None => Err(error),
        }
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn kind(&self) -> RunKind {
        RunKind::Tool
    }

    fn outline(&self) -> Outline {
        Outline::of(self).with_input_schema((*self.parameters).clone())
    }
}

crate::impl_pipe!(Tool);

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The definition sent to models, see [`Tool::definition`].
impl From<&Tool> for Value {
    fn from(tool: &Tool) -> Self {
        tool.definition()
    }
}

impl From<Tool> for Value {
    fn from(tool: Tool) -> Self {
        tool.definition()
    }
}

impl From<&Tool> for Tool {
    fn from(tool: &Tool) -> Self {
        tool.clone()
    }
}

impl From<RunnableTool> for Value {
    fn from(tool: RunnableTool) -> Self {
        tool.definition()
    }
}

/// The content is the runnable's output if it is a text, a prompt or a message, and otherwise the output as JSON.
impl From<RunnableTool> for Tool {
    fn from(tool: RunnableTool) -> Self {
        let (name, description, parameters) = tool.parts();
        let (name, description, parameters) = (name.to_owned(), description.to_owned(), parameters.clone());
        Self::new(name, description, parameters, tool)
    }
}

/// The reason why there is no output.
enum Fault {
    /// The arguments are invalid.
    Arguments(String),
    Failed(Error),
}

/// The implementation of a tool.
#[async_trait]
trait Body: Send + Sync {
    async fn call(&self, arguments: Value, schema: &Value, cx: &Context) -> Result<ToolOutput, Fault>;
}

struct FunctionBody<F, Form> {
    function: F,
    /// Whether the schema is authoritative. Otherwise the argument type is, from which the schema was derived.
    checked: bool,
    form: PhantomData<fn() -> Form>,
}

#[async_trait]
impl<F: ToolFunction<Form>, Form> Body for FunctionBody<F, Form> {
    async fn call(&self, arguments: Value, schema: &Value, cx: &Context) -> Result<ToolOutput, Fault> {
        let arguments = match self.checked {
            true => arguments::checked(schema, arguments).map_err(Fault::Arguments)?,
            false => arguments,
        };
        let arguments = arguments::read::<F::Arguments>(schema, arguments).map_err(Fault::Arguments)?;
        self.function.call(arguments, cx).await.map_err(Fault::Failed)
    }
}

#[async_trait]
impl Body for RunnableTool {
    async fn call(&self, arguments: Value, schema: &Value, cx: &Context) -> Result<ToolOutput, Fault> {
        let arguments = arguments::checked(schema, arguments).map_err(Fault::Arguments)?;
        let input = self.input(Data::from(arguments));
        let output = self.inner().invoke_in(input, cx).await.map_err(Fault::Failed)?;
        let output = match output.into_plain() {
            Data::Message(message) => match *message {
                Message::Tool(message) => ToolOutput { content: message.content, artifact: message.artifact },
                message => ToolOutput::new(message.content().clone()),
            },
            Data::Text(text) => ToolOutput::new(text),
            Data::Prompt(prompt) => ToolOutput::new(Content::from(prompt.into_text())),
            other => ToolOutput::json(&other.into_json()).map_err(Fault::Failed)?,
        };
        Ok(output)
    }
}
