//! The chat model.

use catena_core::{
    AiMessage, Capabilities, Capability, ChunkStream, Context, Demand, LanguageModel, PromptValue, Result,
    async_trait, impl_pipe,
};
use catena_http::service::{Call, read_mended};
use serde_json::{Map, Value};

use crate::chat_ollama_builder::ChatOllamaBuilder;
use crate::client::Client;
use crate::codec::chat_message::encode_messages;
use crate::codec::chat_stream::{ChatStream, decode_chat};
use crate::codec::request::{Body, encode};
use crate::model_info::ModelInfo;
use crate::parameters::Parameters;

/// A chat model that speaks Ollama's `POST /api/chat`.
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// An answer's finish reason, model and durations are in its `metadata`, its token counts in `usage`, its thinking in
/// `reasoning`. Tool calls without an id are given one.
///
/// Arguments are [bound](catena_core::RunnableExt::bind) to it under Ollama's own names (`num_ctx`, `keep_alive`) or
/// under those shared by all providers (`max_tokens`, `response_format`, `tools`).
///
/// # Errors
/// Errors of the service have a kind derived from the status, say whether and when to retry, and carry the service's
/// details as [`ServiceError`](catena_core::ServiceError). An interrupted stream ends with an error after the text that
/// arrived. What Ollama does not support, such as fetching images or forcing a tool call, is
/// [`Unsupported`](catena_core::ErrorKind::Unsupported) before anything is sent. No error shows the key.
///
/// # Cancellation
/// Dropping a call or a stream closes its connection, and the service stops generating.
///
/// # Example
/// ```
/// use catena_core::{Message, RunnableExt};
/// use catena_llm_ollama::ChatOllama;
/// # use catena_testkit::{Reply, Server};
/// # use serde_json::json;
/// # let answer = json!({"model": "llama3.2", "message": {"role": "assistant", "content": "Hello!"}, "done": true,
/// #     "done_reason": "stop", "prompt_eval_count": 20, "eval_count": 3});
/// # let server = Server::replay([Reply::json(200, answer)]);
/// # let url = server.url();
/// let chat = ChatOllama::builder().with_model("llama3.2").with_base_url(url).with_temperature(0.0).build()?;
/// # futures_executor::block_on(async {
/// let answer = chat.invoke([Message::system("Be brief."), Message::human("Say hello")]).await?;
/// assert_eq!(answer.text(), "Hello!");
/// assert_eq!(answer.usage.map(|usage| usage.output_tokens), Some(3));
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ChatOllama {
    client: Client,
    model: String,
    parameters: Parameters,
}

impl ChatOllama {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::ChatOllama;
    /// let chat = ChatOllama::builder().with_model("qwen3").with_num_ctx(8192).with_think(false).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> ChatOllamaBuilder {
        ChatOllamaBuilder::default()
    }

    /// Creates a model of this name, with all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`ChatOllamaBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_ollama::ChatOllama;
    /// let chat = ChatOllama::new("llama3.2")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    /// Returns the name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::ChatOllama;
    /// let chat = ChatOllama::builder().with_model("qwen3").build()?;
    /// assert_eq!(chat.model(), "qwen3");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Lists the models that the service has on its disk.
    ///
    /// # Errors
    /// As for every call.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::ChatOllama;
    /// # use catena_testkit::{Reply, Server};
    /// # let list = serde_json::json!({"models": [{"name": "llama3.2:latest", "size": 2019393189u64}]});
    /// # let server = Server::replay([Reply::json(200, list)]);
    /// let chat = ChatOllama::builder().with_model("llama3.2").with_base_url(server.url()).build()?;
    /// # futures_executor::block_on(async {
    /// assert_eq!(chat.list_models().await?[0].name, "llama3.2:latest");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn list_models(&self) -> Result<Vec<ModelInfo>> {
        self.client.list_models().await
    }

    pub(crate) fn from_parts(client: Client, model: String, parameters: Parameters) -> Self {
        Self { client, model, parameters }
    }

    fn request(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<Call> {
        let demand = self.client.asks(|| Demand::of_prompt(self, &prompt, cx));
        let parameters = self.parameters.called(cx.arguments())?;
        let messages = prompt.into_messages();
        let input = ("messages", encode_messages(&messages)?);
        let body = Body { input, model: &self.model, parameters: &parameters, stream: Some(stream) };
        Ok(self.client.post("api/chat", encode(&body)?, cx.arguments())?.with_demand(demand))
    }
}

#[async_trait]
impl LanguageModel for ChatOllama {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let answer = self.client.call(self.request(prompt, cx, false)?, cx).await?;
        read_mended(&answer.body, |body| decode_chat(body, &answer.origin))
    }

    fn provider(&self) -> Option<&str> {
        Some("ollama")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        self.client.with_endpoint_digest(self.parameters.described(self.client.base_url(), self.model()))
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        self.client.stream(self.request(prompt, &cx, true), cx, ChatStream::default)
    }
}

/// What the service supports. If a particular model supports less, the service reports it.
const CAPABILITIES: Capabilities = Capabilities::none()
    .with(Capability::Stop)
    .with(Capability::Usage)
    .with(Capability::StreamedUsage)
    .with(Capability::SystemMessages)
    .with(Capability::Tools)
    .with(Capability::ParallelToolCalls)
    .with(Capability::StructuredOutput)
    .with(Capability::ImageInput)
    .with(Capability::Reasoning);

impl_pipe!(ChatOllama);
