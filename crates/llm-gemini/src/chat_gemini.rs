//! The chat model.

use catena_core::{
    AiMessage, Bound, Capabilities, Capability, ChunkStream, Context, Demand, LanguageModel, PromptValue,
    Result, RunnableExt, async_trait, impl_pipe,
};
use catena_http::service::{Call, read_mended};
use serde_json::{Map, Value};

use crate::chat_gemini_builder::ChatGeminiBuilder;
use crate::client::Client;
use crate::codec::chat_request::{ChatOptions, encode_chat};
use crate::codec::chat_response::{decode_all, decode_chat};
use crate::codec::chat_stream::ChatStream;
use crate::codec::{decode_count, encode_count};
use crate::gemini_client::GeminiClient;

/// A chat model that speaks Google's `POST /models/{model}:generateContent`.
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// An answer's finish reason, model and unknown members are in its `metadata`, its token counts in `usage`; the
/// service's own finish reason is `metadata.extra["finishReason"]`. Thought summaries are the message's `reasoning`.
/// Thought signatures are kept with their block or call as `thought_signature`, and are sent back with it.
///
/// # Messages
/// System messages at any position are sent as the system instruction. A tool result needs the answer with its call
/// before it, or a name.
///
/// # Errors
/// Errors of the service have a kind derived from the status, say whether and when to retry, and carry the service's
/// details as [`ServiceError`](catena_core::ServiceError). A per-day quota is `QuotaExceeded`, a per-minute quota
/// `RateLimit` with the delay that the service names. A blocked prompt is `ContentFilter`. An interrupted stream ends
/// with an error after the text that arrived. No error shows the key.
///
/// # Cancellation
/// Dropping a call or a stream closes its connection.
///
/// # Example
/// ```
/// use catena_core::{Message, RunnableExt};
/// use catena_llm_gemini::ChatGemini;
/// use catena_testkit::{Reply, Server};
/// use serde_json::json;
///
/// let answer = json!({"candidates": [{"content": {"parts": [{"text": "Hello!"}]}, "finishReason": "STOP"}]});
/// let server = Server::replay([Reply::json(200, answer)]); // instead of Google's
/// let chat = ChatGemini::builder().with_base_url(server.url()).with_api_key("AIza-secret").build()?;
/// # futures_executor::block_on(async {
/// let answer = chat.invoke([Message::system("Be brief."), Message::human("Say hello")]).await?;
/// assert_eq!(answer.text(), "Hello!");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "ChatGoogleGenerativeAI")]
pub struct ChatGemini {
    client: Client,
    options: ChatOptions,
}

impl ChatGemini {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// let chat = ChatGemini::builder().with_api_key("AIza-secret").with_max_tokens(100).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> ChatGeminiBuilder {
        ChatGeminiBuilder::default()
    }

    /// Creates the default model, with the key and all other settings from the environment:
    /// `ChatGemini::builder().build()`.
    ///
    /// # Errors
    /// Those of [`ChatGeminiBuilder::build`].
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// match ChatGemini::from_env() {
    ///     Ok(chat) => drop(chat),
    ///     Err(error) => assert!(error.to_string().contains("GEMINI_API_KEY")),
    /// }
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Creates a model of this name, with the key and all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`ChatGeminiBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_gemini::ChatGemini;
    /// let chat = ChatGemini::new("gemini-2.5-pro")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    pub(crate) fn from_parts(client: Client, options: ChatOptions) -> Self {
        Self { client, options }
    }

    /// Returns the name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// let chat = ChatGemini::builder().with_api_key("AIza-secret").with_model("gemini-2.5-pro").build()?;
    /// assert_eq!(chat.model(), "gemini-2.5-pro");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.options.model
    }

    /// Returns a client for the other endpoints of the same service, which shares the model's connections.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// let chat = ChatGemini::builder().with_api_key("AIza-secret").build()?;
    /// let models = chat.client().models();
    /// # drop(models);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn client(&self) -> GeminiClient {
        GeminiClient::from_parts(self.client.clone())
    }

    /// Binds tools that the model may call.
    ///
    /// A tool is a [`RunnableTool::definition`](catena_core::RunnableTool::definition)
    /// (`{"name", "description", "parameters"}`), OpenAI's form of it, a JSON Schema with a title, or the service's own
    /// form, such as `{"googleSearch": {}}`. `tool_choice` and `strict` can be bound with it: `tool_choice` is a tool's
    /// name, or `any` or true for at least one call; `strict` makes the model adhere to the schemas.
    ///
    /// # Example
    /// ```
    /// use catena_core::RunnableExt;
    /// use catena_llm_gemini::ChatGemini;
    /// use catena_testkit::{Reply, Server};
    /// use serde_json::json;
    ///
    /// let call = json!({"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}});
    /// let server = Server::replay([Reply::json(200, json!({"candidates": [{"content": {"parts": [call]}}]}))]);
    /// let chat = ChatGemini::builder().with_base_url(server.url()).with_api_key("AIza-secret").build()?;
    /// let tool = json!({"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}});
    /// # futures_executor::block_on(async {
    /// let answer = chat.bind_tools([tool]).bind("tool_choice", "any").invoke("How is the weather in Paris?").await?;
    /// assert_eq!(answer.tool_calls()[0].name, "get_weather");
    /// assert_eq!(server.requests()[0].json()["toolConfig"]["functionCallingConfig"]["mode"], "ANY");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn bind_tools<T: Into<Value>>(&self, tools: impl IntoIterator<Item = T>) -> Bound<Self> {
        let tools: Vec<Value> = tools.into_iter().map(Into::into).collect();
        self.clone().bind("tools", tools)
    }

    /// Returns all answers to a prompt, as many as [`with_n`](ChatGeminiBuilder::with_n) requests. Each carries the
    /// usage of the whole call.
    ///
    /// # Errors
    /// As for every call of a model; see [`ChatGemini`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// use catena_testkit::{Reply, Server};
    /// use serde_json::json;
    ///
    /// let server = Server::replay([Reply::json(200, json!({"candidates": [
    ///     {"index": 0, "content": {"parts": [{"text": "heads"}]}, "finishReason": "STOP"},
    ///     {"index": 1, "content": {"parts": [{"text": "tails"}]}, "finishReason": "STOP"},
    /// ]}))]);
    /// let chat = ChatGemini::builder().with_base_url(server.url()).with_api_key("AIza-secret").with_n(2).build()?;
    /// # futures_executor::block_on(async {
    /// let answers = chat.generate_all("Heads or tails?").await?;
    /// assert_eq!(answers[1].text(), "tails");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn generate_all(&self, prompt: impl Into<PromptValue>) -> Result<Vec<AiMessage>> {
        self.generate_all_in(prompt, &Context::default()).await
    }

    /// Runs [`generate_all`](Self::generate_all) as a step of a run, with the arguments bound to it.
    ///
    /// # Errors
    /// As for [`generate_all`](Self::generate_all).
    pub async fn generate_all_in(
        &self,
        prompt: impl Into<PromptValue>,
        cx: &Context,
    ) -> Result<Vec<AiMessage>> {
        let prompt = prompt.into();
        let demand = || Demand::of_prompt(self, &prompt, cx);
        cx.admitted(demand, async |cx| {
            let answer = self.client.call(self.request(prompt.clone(), &cx, false)?, &cx).await?;
            let messages = decode_all(&answer.body, &answer.origin)?;
            // Each answer carries the usage of the whole call.
            if let Some((message, usage)) =
                messages.first().and_then(|message| Some((message, message.usage?)))
            {
                cx.report_usage(message.metadata.model.as_deref().unwrap_or(self.model()), usage);
            }
            cx.report_outputs(&messages);
            Ok(messages)
        })
        .await
    }

    /// Returns the number of tokens that the service counts for a prompt, with tools and everything else that is set or
    /// bound.
    ///
    /// # Errors
    /// As for every call of a model; see [`ChatGemini`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// use catena_testkit::{Reply, Server};
    /// use serde_json::json;
    ///
    /// let server = Server::replay([Reply::json(200, json!({"totalTokens": 3}))]);
    /// let chat = ChatGemini::builder().with_base_url(server.url()).with_api_key("AIza-secret").build()?;
    /// # futures_executor::block_on(async {
    /// assert_eq!(chat.count_tokens("Say hello").await?, 3);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn count_tokens(&self, prompt: impl Into<PromptValue>) -> Result<u64> {
        self.count_tokens_in(prompt, &Context::default()).await
    }

    /// Runs [`count_tokens`](Self::count_tokens) as a step of a run, with the arguments bound to it.
    ///
    /// # Errors
    /// As for [`count_tokens`](Self::count_tokens).
    pub async fn count_tokens_in(&self, prompt: impl Into<PromptValue>, cx: &Context) -> Result<u64> {
        let messages = prompt.into().into_messages();
        let request = encode_chat(&self.options, cx.arguments(), &messages, false)?;
        let call = self.client.post(&request.model, "countTokens", encode_count(&request)?)?;
        let answer = self.client.call(call.with_arguments(cx.arguments())?, cx).await?;
        decode_count(&answer.body, &answer.origin)
    }

    /// Builds the call for a prompt, with the arguments bound to the run.
    fn request(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<Call> {
        let demand = self.client.asks(|| Demand::of_prompt(self, &prompt, cx));
        let request = encode_chat(&self.options, cx.arguments(), &prompt.into_messages(), stream)?;
        let call = if stream {
            self.client.post(&request.model, "streamGenerateContent", request.body)?.with_query("alt", "sse")
        } else {
            self.client.post(&request.model, "generateContent", request.body)?
        };
        call.with_demand(demand).with_arguments(cx.arguments())
    }
}

#[async_trait]
impl LanguageModel for ChatGemini {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let answer = self.client.call(self.request(prompt, cx, false)?, cx).await?;
        read_mended(&answer.body, |body| decode_chat(body, &answer.origin))
    }

    fn provider(&self) -> Option<&str> {
        // OpenTelemetry's name of the provider.
        Some("gcp.gemini")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        let mut described = self.options.parameters.described(self.client.base_url(), self.model());
        if let Some(subset) = self.options.schema_subset {
            described.insert("schema_subset".to_owned(), subset.into());
        }
        self.client.with_endpoint_digest(described)
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        let call = self.request(prompt, &cx, true);
        self.client.stream(call, cx, ChatStream::default)
    }
}

/// What the protocol supports. If a particular model supports less, the service reports it.
const CAPABILITIES: Capabilities = Capabilities::none()
    .with(Capability::Stop)
    .with(Capability::Usage)
    .with(Capability::StreamedUsage)
    .with(Capability::SystemMessages)
    .with(Capability::Tools)
    .with(Capability::ParallelToolCalls)
    .with(Capability::ToolChoice)
    .with(Capability::StructuredOutput)
    .with(Capability::ImageInput)
    .with(Capability::AudioInput)
    .with(Capability::FileInput)
    .with(Capability::Reasoning)
    .with(Capability::Candidates);

impl_pipe!(ChatGemini);
