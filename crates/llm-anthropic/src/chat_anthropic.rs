//! The chat model.

use std::sync::Arc;

use catena_core::load::Constructor;
use catena_core::{
    AiMessage, Bound, Capabilities, Capability, ChunkStream, Context, Demand, LanguageModel, PromptValue,
    Result, RunnableExt, async_trait, gather, impl_pipe,
};
use catena_http::service::{Call, read_mended};
use serde_json::{Map, Value};

use crate::chat_anthropic_builder::ChatAnthropicBuilder;
use crate::client::Client;
use crate::codec::chat_request::{ChatOptions, encode_chat};
use crate::codec::chat_response::decode_chat;
use crate::codec::chat_stream::ChatStream;
use crate::codec::count_tokens::{decode_count, encode_count};

/// A chat model that speaks Anthropic's `POST /v1/messages`.
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// System messages come first; consecutive messages of the same role are merged into one turn, and tool results are
/// sent in the user's turn. An answer's finish reason, model, request id and unknown members are in its `metadata`,
/// where `stop_reason` is the service's own value; its token counts, cached tokens included, are in `usage`. A stream
/// delivers them with its last chunks.
///
/// The model's thinking is the message's `reasoning`. Signed thinking, and the results of tools that the service runs
/// itself, are content blocks in the service's format: keep the message in the conversation, and they are sent back
/// unchanged.
///
/// # Errors
/// Errors of the service have a kind derived from the status, say whether and when to retry, and carry the service's
/// details as [`ServiceError`](catena_core::ServiceError). An interrupted stream ends with an error after the text that
/// arrived. What the service does not support is `Unsupported` before anything is sent. No error shows the key.
///
/// # Cancellation
/// Dropping a call or a stream closes its connection.
///
/// # Example
/// ```
/// use catena_core::{Message, RunnableExt};
/// use catena_llm_anthropic::ChatAnthropic;
/// use catena_testkit::{Reply, Server};
/// use serde_json::json;
///
/// let server = Server::replay([Reply::json(200, json!({ // instead of api.anthropic.com
///     "type": "message", "content": [{"type": "text", "text": "Hello!"}], "stop_reason": "end_turn",
/// }))]);
/// let chat = ChatAnthropic::builder().with_base_url(server.url()).without_api_key().build()?;
/// # futures_executor::block_on(async {
/// let answer = chat.invoke([Message::system("Be brief."), Message::human("Say hello")]).await?;
/// assert_eq!(answer.text(), "Hello!");
/// assert_eq!(server.requests()[0].json()["system"], "Be brief.");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ChatAnthropic {
    client: Client,
    options: ChatOptions,
    /// What is saved of the model.
    constructor: Option<Arc<Constructor>>,
}

impl ChatAnthropic {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_anthropic::ChatAnthropic;
    /// let chat = ChatAnthropic::builder().with_api_key("sk-ant-...").with_max_tokens(100).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> ChatAnthropicBuilder {
        ChatAnthropicBuilder::default()
    }

    /// Creates the default model, with the key and all other settings from the environment:
    /// `ChatAnthropic::builder().build()`.
    ///
    /// # Errors
    /// Those of [`ChatAnthropicBuilder::build`].
    ///
    /// # Example
    /// ```
    /// use catena_llm_anthropic::ChatAnthropic;
    /// match ChatAnthropic::from_env() {
    ///     Ok(chat) => drop(chat),
    ///     Err(error) => assert!(error.to_string().contains("ANTHROPIC_API_KEY")),
    /// }
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Creates a model of this name, with the key and all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`ChatAnthropicBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_anthropic::ChatAnthropic;
    /// let chat = ChatAnthropic::new("claude-sonnet-4-5")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    /// Returns the name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_anthropic::ChatAnthropic;
    /// let chat = ChatAnthropic::builder().with_api_key("sk-ant-...").build()?;
    /// assert_eq!(chat.model(), "claude-haiku-4-5");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.options.model
    }

    /// Binds tools that the model may call.
    ///
    /// A tool is a [`RunnableTool::definition`](catena_core::RunnableTool::definition)
    /// (`{"name", "description", "parameters"}`), OpenAI's form of it, a JSON Schema with a title, or the service's own
    /// form, such as `{"type": "web_search_20250305", "name": "web_search"}`. `tool_choice`, `parallel_tool_calls` and
    /// `strict` can be bound with it.
    ///
    /// # Example
    /// ```
    /// use catena_core::RunnableExt;
    /// use catena_llm_anthropic::ChatAnthropic;
    /// use catena_testkit::{Reply, Server};
    /// use serde_json::json;
    ///
    /// let server = Server::replay([Reply::json(200, json!({"stop_reason": "tool_use", "content": [
    ///     {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}]}))]);
    /// let chat = ChatAnthropic::builder().with_base_url(server.url()).without_api_key().build()?;
    /// let tool = json!({"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}});
    /// # futures_executor::block_on(async {
    /// let answer = chat.bind_tools([tool]).bind("tool_choice", "required").invoke("How is the weather in Paris?").await?;
    /// assert_eq!(answer.tool_calls()[0].name, "get_weather");
    /// assert_eq!(server.requests()[0].json()["tool_choice"], json!({"type": "any"}));
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn bind_tools<T: Into<Value>>(&self, tools: impl IntoIterator<Item = T>) -> Bound<Self> {
        let tools: Vec<Value> = tools.into_iter().map(Into::into).collect();
        self.clone().bind("tools", tools)
    }

    /// Returns the number of input tokens that a call with this prompt would use, tools and system messages included,
    /// as counted by the service. The count is free of charge and generates nothing.
    ///
    /// # Errors
    /// As for every call of a model; see [`ChatAnthropic`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_anthropic::ChatAnthropic;
    /// use catena_testkit::{Reply, Server};
    /// use serde_json::json;
    ///
    /// let server = Server::replay([Reply::json(200, json!({"input_tokens": 14}))]);
    /// let chat = ChatAnthropic::builder().with_base_url(server.url()).without_api_key().build()?;
    /// # futures_executor::block_on(async {
    /// assert_eq!(chat.count_tokens("Hello, Claude").await?, 14);
    /// assert_eq!(server.requests()[0].path(), "/v1/messages/count_tokens");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    #[doc(alias = "get_num_tokens_from_messages")]
    pub async fn count_tokens(&self, prompt: impl Into<PromptValue>) -> Result<u64> {
        self.count_tokens_in(prompt, &Context::default()).await
    }

    /// Runs [`count_tokens`](Self::count_tokens) as a step of a run, with the arguments bound to it.
    ///
    /// # Errors
    /// As for [`count_tokens`](Self::count_tokens).
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Context, RunnableExt};
    /// use catena_llm_anthropic::ChatAnthropic;
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::json(200, serde_json::json!({"input_tokens": 400}))]);
    /// # let chat = ChatAnthropic::builder().with_base_url(server.url()).without_api_key().build()?;
    /// let count = lambda(move |question: String, cx: Context| {
    ///     let chat = chat.clone();
    ///     async move { chat.count_tokens_in(question, &cx).await }
    /// });
    /// # futures_executor::block_on(async {
    /// let tool = serde_json::json!([{"name": "search", "parameters": {"type": "object"}}]);
    /// assert_eq!(count.bind("tools", tool).invoke("Who was it?").await?, 400);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn count_tokens_in(&self, prompt: impl Into<PromptValue>, cx: &Context) -> Result<u64> {
        let options = self.options.called(cx.arguments())?;
        let request = encode_count(&options, &prompt.into().into_messages())?;
        let call = self.client.post("v1/messages/count_tokens", request.body, &options.wire.betas)?;
        let answer = self.client.call(call.with_arguments(cx.arguments())?, cx).await?;
        decode_count(&answer.body, &answer.origin)
    }

    pub(crate) fn from_parts(client: Client, options: ChatOptions, constructor: Option<Constructor>) -> Self {
        Self { client, options, constructor: constructor.map(Arc::new) }
    }

    /// Builds the call; the flag says whether text of the answer may have citations.
    fn request(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<(Call, bool)> {
        let demand = self.client.asks(|| Demand::of_prompt(self, &prompt, cx));
        let options = self.options.called(cx.arguments())?;
        let request = encode_chat(&options, &prompt.into_messages(), stream)?;
        let call = self.client.post("v1/messages", request.body, &options.wire.betas)?;
        Ok((call.with_demand(demand).with_arguments(cx.arguments())?, request.cited))
    }
}

#[async_trait]
impl LanguageModel for ChatAnthropic {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        if self.options.streaming {
            let whole = gather(self.generate_stream(prompt, cx.clone())).await?;
            return Ok(whole.unwrap_or_default().into_whole());
        }
        let (call, cited) = self.request(prompt, cx, false)?;
        let answer = self.client.call(call, cx).await?;
        read_mended(&answer.body, |body| decode_chat(body, cited, &answer.origin))
    }

    fn provider(&self) -> Option<&str> {
        Some("anthropic")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        self.client.with_endpoint_digest(self.options.described(self.client.base_url()))
    }

    fn constructor(&self) -> Option<Constructor> {
        self.constructor.as_deref().cloned()
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        let request = self.request(prompt, &cx, true);
        let cited = request.as_ref().is_ok_and(|(_, cited)| *cited);
        self.client.stream(request.map(|(call, _)| call), cx, move || ChatStream::new(cited))
    }
}

/// What the API supports. If a particular model supports less, the service reports it.
const CAPABILITIES: Capabilities = Capabilities::none()
    .with(Capability::Stop)
    .with(Capability::Usage)
    .with(Capability::StreamedUsage)
    .with(Capability::SystemMessages)
    .with(Capability::Tools)
    .with(Capability::ParallelToolCalls)
    .with(Capability::ToolChoice)
    .with(Capability::SingleToolCall)
    .with(Capability::StructuredOutput)
    .with(Capability::ImageInput)
    .with(Capability::FileInput)
    .with(Capability::Reasoning);

impl_pipe!(ChatAnthropic);
