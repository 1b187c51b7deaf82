//! The extension trait that adds invoking, streaming, batching and the combinators to every runnable.

use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use crate::graph::Graph;
use crate::run::step::{self, Place};
use crate::run::stream_events::stream_events;
use crate::runnables::to_dynamic;
use crate::{
    Bound, BoxRunnable, ChunkStream, ConfigurableAlternatives, ConfigurableField, Context, Data, DynRunnable,
    EventStream, FromData, Outline, Pipe, Result, RetryPolicy, RunConfig, RunEvent, Runnable, RunnableAssign,
    RunnableEach, RunnableParallel, RunnablePick, RunnableTool, WithConfig, WithFallbacks, WithListener,
    WithRetry, WithSchemas, batch, schema,
};

/// Extension methods for every [`Runnable`]. Implemented automatically; never implement it by hand.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunnableExt};
/// # futures_executor::block_on(async {
/// let chain = lambda(|s: String| s.trim().to_string()).pipe(lambda(|s: String| s.len()));
/// assert_eq!(chain.invoke(" four ").await?, 4);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub trait RunnableExt: Runnable {
    /// Runs once and returns the complete output, as a run of its own. Inside a step or a tool, use
    /// [`invoke_in`](RunnableExt::invoke_in).
    ///
    /// # Errors
    /// The error of the step that failed, with the step's position in the chain as the error's path.
    ///
    /// # Cancellation
    /// Dropping the future cancels the run.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, PromptTemplate, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let chain = PromptTemplate::new("Why {question}?")? | FakeLlm::new(["42"]);
    /// assert_eq!(chain.invoke("not").await?, "42");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn invoke(&self, input: impl Into<Self::Input>) -> impl Future<Output = Result<Self::Output>> + Send {
        let input = input.into();
        async move { self.call(input, &Context::default()).await.map_err(|error| step::named(error, self)) }
    }

    /// Like [`invoke`](RunnableExt::invoke), with options.
    fn invoke_with(
        &self,
        input: impl Into<Self::Input>,
        config: &RunConfig,
    ) -> impl Future<Output = Result<Self::Output>> + Send {
        let (input, cx) = (input.into(), Context::new(config));
        async move { step::call_root(self, input, &cx).await }
    }

    /// Runs as part of the run of `cx`. Steps and tools use this to call another runnable.
    ///
    /// The caller's observers see the call as a child run; the caller's tags, metadata, configurable values,
    /// concurrency limit, budgets and retry budget apply to it. None of this holds for a plain
    /// [`invoke`](RunnableExt::invoke), whose future is merely dropped at the caller's deadline or cancellation,
    /// together with the function that awaits it.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, lambda, Context, RunCollector, RunConfig, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let model = FakeLlm::new(["four"]);
    /// let ask = lambda(move |question: String, cx: Context| {
    ///     let model = model.clone();
    ///     async move { model.invoke_in(question, &cx).await }
    /// });
    /// let runs = RunCollector::new();
    /// ask.invoke_with("2 + 2?", &RunConfig::new().with_observer(runs.clone())).await?;
    /// assert_eq!(runs.roots()[0].children[0].info.name, "FakeLlm"); // with `invoke`, there would be no child
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn invoke_in(
        &self,
        input: impl Into<Self::Input>,
        cx: &Context,
    ) -> impl Future<Output = Result<Self::Output>> + Send {
        let input = input.into();
        async move { step::call(self, input, cx, Place::Plain).await }
    }

    /// Runs once and streams the output, emitting each chunk as early as the steps allow.
    ///
    /// Folding the chunks with [`Chunk::merge`](crate::Chunk::merge) gives what `invoke` returns.
    ///
    /// The stream borrows the runnable. [`into_stream`](RunnableExt::into_stream) returns one that owns it, for a
    /// spawned task or a server's response.
    ///
    /// # Cancellation
    /// Dropping the stream cancels the run.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, RunnableExt, StrOutputParser};
    /// use futures_util::StreamExt;
    /// # futures_executor::block_on(async {
    /// let chain = FakeChatModel::new(["It was polar."]) | StrOutputParser;
    /// let mut tokens = chain.stream("Why did the bear dissolve?");
    /// let mut pieces = Vec::new();
    /// while let Some(token) = tokens.next().await {
    ///     pieces.push(token?);
    /// }
    /// assert_eq!(pieces, ["It ", "was ", "polar."]);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn stream<'a>(&'a self, input: impl Into<Self::Input>) -> ChunkStream<'a, Self::Output> {
        step::transform_root(self, step::whole(input.into()), Context::default())
    }

    /// Like [`stream`](RunnableExt::stream), with options.
    fn stream_with<'a>(
        &'a self,
        input: impl Into<Self::Input>,
        config: &RunConfig,
    ) -> ChunkStream<'a, Self::Output> {
        step::transform_root(self, step::whole(input.into()), Context::new(config))
    }

    /// Like [`stream`](RunnableExt::stream), but consumes the runnable and returns a `'static` stream, which can move
    /// to another task or thread, or into the response of a web server.
    ///
    /// To keep the runnable, share it as an `Arc<R>` or a [`BoxRunnable`], whose clones are cheap.
    ///
    /// # Cancellation
    /// Dropping the stream cancels the run.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeChatModel, ChunkStream, RunnableExt, StrOutputParser};
    /// use futures_util::StreamExt;
    /// use std::{sync::Arc, thread};
    ///
    /// let chain = Arc::new(FakeChatModel::new(["It was polar."]) | StrOutputParser);
    /// let tokens: ChunkStream<'static, String> = chain.clone().into_stream("Why did the bear dissolve?");
    /// let reader = thread::spawn(move || futures_executor::block_on(tokens.map(Result::unwrap).collect::<Vec<_>>()));
    /// assert_eq!(reader.join().unwrap(), ["It ", "was ", "polar."]);
    /// ```
    fn into_stream(self, input: impl Into<Self::Input>) -> ChunkStream<'static, Self::Output>
    where
        Self: Sized + 'static,
    {
        step::transform_root_owned(self, step::whole(input.into()), Context::default())
    }

    /// Like [`into_stream`](RunnableExt::into_stream), with options.
    fn into_stream_with(
        self,
        input: impl Into<Self::Input>,
        config: &RunConfig,
    ) -> ChunkStream<'static, Self::Output>
    where
        Self: Sized + 'static,
    {
        step::transform_root_owned(self, step::whole(input.into()), Context::new(config))
    }

    /// Streams as part of the run of `cx`.
    fn stream_in<'a>(&'a self, input: impl Into<Self::Input>, cx: &Context) -> ChunkStream<'a, Self::Output> {
        self.transform_in(step::whole(input.into()), cx)
    }

    /// Streams an input that itself arrives in chunks, as part of the run of `cx`. Steps use this to pass their input
    /// stream on to another runnable.
    fn transform_in<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        cx: &Context,
    ) -> ChunkStream<'a, Self::Output> {
        step::transform(self, input, cx, Place::Plain)
    }

    /// Runs once and streams everything that happens, in this run and all runs below it, as events in LangChain's v2
    /// vocabulary. Steps execute as they do under `stream`.
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, RunnableExt};
    /// use futures_util::StreamExt;
    /// # futures_executor::block_on(async {
    /// let chain = lambda(|x: i64| x + 1).with_name("add_one") | lambda(|x: i64| x * 2).with_name("double");
    /// let events: Vec<String> =
    ///     chain.stream_events(1).map(|event| event.map(|event| format!("{} {}", event.event, event.name)).unwrap()).collect().await;
    /// assert_eq!(events[..2], ["on_chain_start RunnableSequence", "on_chain_start add_one"]);
    /// assert_eq!(events.last().unwrap(), "on_chain_end RunnableSequence");
    /// # });
    /// ```
    ///
    /// # Cancellation
    /// Dropping the stream cancels the run.
    fn stream_events<'a>(&'a self, input: impl Into<Self::Input>) -> EventStream<'a> {
        self.stream_events_with(input, &RunConfig::default())
    }

    /// Like [`stream_events`](RunnableExt::stream_events), with options.
    fn stream_events_with<'a>(
        &'a self,
        input: impl Into<Self::Input>,
        config: &RunConfig,
    ) -> EventStream<'a> {
        stream_events(self, input.into(), config)
    }

    /// Streams an input that itself arrives in chunks, as a new root run.
    fn transform_with<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        config: &RunConfig,
    ) -> ChunkStream<'a, Self::Output> {
        step::transform_root(self, input, Context::new(config))
    }

    /// Runs all inputs concurrently and returns the results in the order of the inputs. Each input has its own result:
    /// a failure does not affect the others.
    ///
    /// # Cancellation
    /// Dropping the future cancels all items.
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Error, ErrorKind, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let half = lambda(|x: i64| match x % 2 {
    ///     0 => Ok(x / 2),
    ///     _ => Err(Error::new(ErrorKind::InvalidInput, "odd")),
    /// });
    /// let results = half.batch([2_i64, 3, 4]).await;
    /// assert_eq!((results[0].as_ref().ok(), results[2].as_ref().ok()), (Some(&1), Some(&2)));
    /// assert!(results[1].is_err());
    /// # });
    /// ```
    fn batch<I: Into<Self::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> impl Future<Output = Vec<Result<Self::Output>>> + Send {
        batch::ordered(self.batch_as_completed(inputs))
    }

    /// Like [`batch`](RunnableExt::batch), with options that apply to every item; `max_concurrency` limits the number
    /// of items in flight.
    fn batch_with<I: Into<Self::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        config: &RunConfig,
    ) -> impl Future<Output = Vec<Result<Self::Output>>> + Send {
        batch::ordered(self.batch_as_completed_with(inputs, config))
    }

    /// Runs all inputs concurrently and yields `(index, result)` pairs in the order of completion.
    ///
    /// # Cancellation
    /// Dropping the stream cancels the items still in flight.
    fn batch_as_completed<I: Into<Self::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> batch::AsCompleted<'_, Self::Output> {
        self.batch_as_completed_with(inputs, &RunConfig::default())
    }

    /// Like [`batch_as_completed`](RunnableExt::batch_as_completed), with options.
    fn batch_as_completed_with<I: Into<Self::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        config: &RunConfig,
    ) -> batch::AsCompleted<'_, Self::Output> {
        batch::as_completed(self, inputs.into_iter().map(Into::into).collect(), config)
    }

    /// Runs all inputs concurrently and returns all outputs in the order of the inputs, or the first error, which
    /// cancels the other items.
    fn try_batch<I: Into<Self::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> impl Future<Output = Result<Vec<Self::Output>>> + Send {
        batch::all_or_first_error(self.batch_as_completed(inputs))
    }

    /// Like [`try_batch`](RunnableExt::try_batch), with options.
    fn try_batch_with<I: Into<Self::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        config: &RunConfig,
    ) -> impl Future<Output = Result<Vec<Self::Output>>> + Send {
        batch::all_or_first_error(self.batch_as_completed_with(inputs, config))
    }

    /// Runs the inputs of a stream as they arrive and yields `(index, result)` pairs in the order of completion.
    ///
    /// At most `max_concurrency` inputs (8 by default) are in flight. The next input is pulled only when there is
    /// capacity for it, so a slow consumer or a slow model exerts back-pressure on the source.
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, RunConfig, RunnableExt};
    /// use futures_util::{stream, StreamExt};
    /// # futures_executor::block_on(async {
    /// let double = lambda(|x: i64| x * 2);
    /// let results = double.batch_stream(stream::iter(1..=3_i64), &RunConfig::new().with_max_concurrency(2));
    /// let sum: i64 = results.map(|(_, result)| result.unwrap()).collect::<Vec<_>>().await.into_iter().sum();
    /// assert_eq!(sum, 12);
    /// # });
    /// ```
    fn batch_stream<'a, S>(&'a self, inputs: S, config: &RunConfig) -> batch::AsCompleted<'a, Self::Output>
    where
        S: Stream<Item: Into<Self::Input>> + Send + 'a,
    {
        batch::of_stream(self, inputs.map(Into::into).boxed(), config)
    }

    /// Chains this step with another; the method form of `|`.
    fn pipe<B>(self, next: B) -> Pipe<Self, B>
    where
        Self: Sized,
        B: Runnable,
        Self::Output: Into<B::Input>,
    {
        Pipe::new(self, next)
    }

    /// Runs this runnable on every element of a list. See [`RunnableEach`].
    fn map(self) -> RunnableEach<Self>
    where
        Self: Sized,
    {
        RunnableEach::new(self)
    }

    /// Adds a value to the output record, computed from that record by `branch`. See [`RunnableAssign`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, vars, Data, RunnableExt, RunnablePassthrough};
    /// # futures_executor::block_on(async {
    /// let length = lambda(|record: Data| record.get("text").and_then(Data::as_text).map(str::len));
    /// let chain = RunnablePassthrough::<Data>::new().assign("length", length);
    /// assert_eq!(chain.invoke(vars! { text: "four" }).await?, vars! { text: "four", length: 4 });
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn assign<R>(self, name: impl Into<String>, branch: R) -> Pipe<Self, RunnableAssign>
    where
        Self: Sized,
        Self::Output: Into<Data>,
        R: Runnable<Input = Data> + 'static,
        R::Output: Into<Data>,
    {
        self.pipe(RunnableAssign::new(RunnableParallel::new().with(name, branch)))
    }

    /// Selects one value of the output record. See [`RunnablePick`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, JsonOutputParser, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let chain = (FakeLlm::new([r#"{"name": "Ada", "age": 36}"#]) | JsonOutputParser).pick("age");
    /// assert_eq!(chain.invoke("Who?").await?, 36.into());
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn pick(self, name: impl Into<String>) -> Pipe<Self, RunnablePick>
    where
        Self: Sized,
        Self::Output: Into<Data>,
    {
        self.pipe(RunnablePick::one(name))
    }

    /// Binds a call argument: a parameter that the model, or your own step, takes in addition to its input. See
    /// [`Bound`].
    ///
    /// Models that call a service accept the service's parameters, such as `temperature`, as well as `stop`, `tools`
    /// and so on. They also accept, for a single call, `extra_headers` and `extra_query` (objects) and `timeout` (a
    /// number of seconds).
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Context, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let repeat = lambda(|text: String, cx: Context| {
    ///     let times = cx.arguments().and_then(|arguments| arguments["times"].as_u64()).unwrap_or(1);
    ///     text.repeat(usize::try_from(times).unwrap_or_default())
    /// });
    /// assert_eq!(repeat.bind("times", 3).invoke("ha").await?, "hahaha");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn bind(self, name: impl Into<String>, value: impl Into<Value>) -> Bound<Self>
    where
        Self: Sized,
    {
        self.bind_all(Map::from_iter([(name.into(), value.into())]))
    }

    /// Binds several call arguments. See [`Bound`].
    fn bind_all(self, arguments: Map<String, Value>) -> Bound<Self>
    where
        Self: Sized,
    {
        Bound::new(self, arguments)
    }

    /// Attaches a config, which is merged under the caller's. See [`WithConfig`].
    fn with_config(self, config: RunConfig) -> WithConfig<Self>
    where
        Self: Sized,
    {
        WithConfig::new(self, config)
    }

    /// Limits the call, or the stream as a whole, to `limit`, after which it fails with a `Timeout` error. See
    /// [`WithConfig`].
    fn with_timeout(self, limit: Duration) -> WithConfig<Self>
    where
        Self: Sized,
    {
        self.with_config(RunConfig::new().with_timeout(limit))
    }

    /// Retries when it fails. See [`WithRetry`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Error, ErrorKind, RetryPolicy, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let down = lambda(|_: String| Err::<String, _>(Error::new(ErrorKind::Server, "down")));
    /// let stubborn = down.with_retry(RetryPolicy::new().with_max_attempts(3).without_delay());
    /// let error = stubborn.invoke("Hello?").await.unwrap_err();
    /// assert!(error.to_string().contains("retry#3"), "{error}");
    /// # });
    /// ```
    fn with_retry(self, policy: RetryPolicy) -> WithRetry<Self>
    where
        Self: Sized,
    {
        WithRetry::new(self, policy)
    }

    /// Runs the fallbacks in order when it fails. See [`WithFallbacks`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, Error, ErrorKind, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let down = FakeLlm::failing(Vec::<String>::new(), Error::new(ErrorKind::Server, "down"));
    /// let model = down.with_fallbacks([FakeLlm::new(["from the spare"])]);
    /// assert_eq!(model.invoke("Hello?").await?, "from the spare");
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn with_fallbacks<R>(
        self,
        fallbacks: impl IntoIterator<Item = R>,
    ) -> WithFallbacks<Self::Input, Self::Output>
    where
        Self: Sized + 'static,
        R: Runnable<Input = Self::Input, Output = Self::Output> + 'static,
    {
        WithFallbacks::new(self, fallbacks)
    }

    /// Calls a listener at the start and end of each run. See [`WithListener`].
    #[doc(alias = "with_listeners")]
    fn with_listener(self, listener: impl Fn(&RunEvent<'_>) + Send + Sync + 'static) -> WithListener<Self>
    where
        Self: Sized,
    {
        WithListener::new(self, listener)
    }

    /// Lets the caller select an alternative to this runnable. See [`ConfigurableAlternatives`].
    fn configurable_alternatives(
        self,
        which: ConfigurableField,
        default_key: impl Into<String>,
    ) -> ConfigurableAlternatives<Self::Input, Self::Output>
    where
        Self: Sized + 'static,
    {
        ConfigurableAlternatives::new(self, which, default_key.into())
    }

    /// Sets the input schema used in schemas and graphs. See [`WithSchemas`].
    fn with_input_schema(self, schema: Value) -> WithSchemas<Self>
    where
        Self: Sized,
    {
        WithSchemas::new(self, Some(schema), None)
    }

    /// Sets the output schema used in schemas and graphs. See [`WithSchemas`].
    fn with_output_schema(self, schema: Value) -> WithSchemas<Self>
    where
        Self: Sized,
    {
        WithSchemas::new(self, None, Some(schema))
    }

    /// Sets the input and output schemas from the schemas of the types. See [`WithSchemas`].
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Chunk, RunnableExt};
    /// use schemars::JsonSchema;
    ///
    /// #[derive(Clone, JsonSchema)]
    /// struct Person {
    ///     name: String,
    /// }
    /// impl Chunk for Person {}
    ///
    /// let greet = lambda(|person: Person| format!("Hello {}", person.name)).with_schemas();
    /// assert_eq!(greet.input_schema()["properties"]["name"]["type"], "string");
    /// ```
    #[cfg(feature = "schemars")]
    fn with_schemas(self) -> WithSchemas<Self>
    where
        Self: Sized,
        Self::Input: schemars::JsonSchema,
        Self::Output: schemars::JsonSchema,
    {
        let (input, output) = (schema::described::<Self::Input>(), schema::described::<Self::Output>());
        WithSchemas::new(self, Some(input), Some(output))
    }

    /// Returns the JSON Schema of the input, as far as it is known.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, PromptTemplate, RunnableExt};
    /// let chain = PromptTemplate::new("{question}")? | FakeLlm::new(["42"]);
    /// assert_eq!(chain.input_schema()["required"][0], "question");
    /// assert_eq!(chain.output_schema()["type"], "string");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "get_input_jsonschema")]
    fn input_schema(&self) -> Value {
        schema::input_schema(&self.outline())
    }

    /// Returns the JSON Schema of the output, as far as it is known.
    #[doc(alias = "get_output_jsonschema")]
    fn output_schema(&self) -> Value {
        schema::output_schema(&self.outline())
    }

    /// Returns the fields that a call may set through [`RunConfig::configurable`](crate::RunConfig::configurable),
    /// sorted by id: those of this runnable and of every step in it.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if two different fields have the same id.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, ConfigurableField, RunnableExt};
    /// let model = FakeLlm::new(["small"])
    ///     .configurable_alternatives(ConfigurableField::new("model"), "small")
    ///     .with("large", FakeLlm::new(["large"]));
    /// assert_eq!(model.config_specs()?[0].options, ["large", "small"]);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    fn config_specs(&self) -> Result<Vec<ConfigurableField>> {
        schema::config_specs(&self.outline())
    }

    /// Returns the JSON Schema of a config for this runnable, covering the fields that a call may set.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if two different fields have the same id.
    #[doc(alias = "get_config_jsonschema")]
    fn config_schema(&self) -> Result<Value> {
        schema::config_schema(&self.outline())
    }

    /// Returns all prompts in this runnable, at any depth: their names, and the templates of those that are a single
    /// text.
    ///
    /// # Example
    /// ```
    /// use catena_core::{fakes::FakeLlm, PromptTemplate, RunnableExt};
    /// let chain = PromptTemplate::new("Why {question}?")? | FakeLlm::new(["42"]);
    /// assert_eq!(chain.prompts()[0].template.as_deref(), Some("Why {question}?"));
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "get_prompts")]
    fn prompts(&self) -> Vec<Outline> {
        schema::prompts(&self.outline())
    }

    /// Returns the structure as a graph of steps for rendering. See [`Graph`].
    #[doc(alias = "get_graph")]
    fn graph(&self) -> Graph {
        Graph::from_outline(&self.outline())
    }

    /// Like [`graph`](RunnableExt::graph), with branch arms, router routes, alternatives and fallbacks expanded.
    fn expanded_graph(&self) -> Graph {
        Graph::expanded(&self.outline())
    }

    /// Turns this runnable into a tool that a model may call; `name` and `description` are what the model is told about
    /// it. See [`RunnableTool`].
    #[expect(clippy::wrong_self_convention, reason = "LangChain's name")]
    fn as_tool(self, name: impl Into<String>, description: impl Into<String>) -> RunnableTool
    where
        Self: Sized + 'static,
        Self::Input: FromData,
        Self::Output: Into<Data>,
    {
        RunnableTool::new(to_dynamic(self), name.into(), description.into())
    }

    /// Converts this runnable into a step of a dynamic chain, whose types are known only at run time.
    fn dynamic(self) -> DynRunnable
    where
        Self: Sized + 'static,
        Self::Input: FromData,
        Self::Output: Into<Data>,
    {
        to_dynamic(self)
    }

    /// Erases the concrete type, so that different chains can be stored in one variable.
    fn boxed(self) -> BoxRunnable<Self::Input, Self::Output>
    where
        Self: Sized + 'static,
    {
        BoxRunnable::new(self)
    }
}

impl<R: Runnable + ?Sized> RunnableExt for R {}
