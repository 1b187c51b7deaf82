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

/// A chat model behind Ollama's `POST /api/chat`.
///
/// A clone is cheap and shares connections. It works on every executor and in blocking code.
///
/// Finish reason, model and durations of an answer are in the message's `metadata`, token counts in its `usage`, thoughts
/// in its `reasoning`. Tool calls without an id get one.
///
/// Arguments [bound](catena_core::RunnableExt::bind) to it may have the names that they have here (`num_ctx`, `keep_alive`)
/// or everywhere (`max_tokens`, `response_format`, `tools`).
///
/// # Errors
/// Errors of the service have the kind that its status stands for, say whether and when to try again, and carry what the
/// service said as [`ServiceError`](catena_core::ServiceError). A stream that breaks off ends with an error after the
/// text that arrived. What Ollama cannot do, such as fetching images or forcing a tool call, is
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
    /// A builder with nothing set.
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

    /// This model, with everything else from the environment.
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

    /// The name of the model.
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

    /// The models that the service has on its disk.
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
        self.client.with_place(self.parameters.described(self.client.base_url(), self.model()))
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        self.client.stream(self.request(prompt, &cx, true), cx, ChatStream::default)
    }
}

/// What the service has; what a certain model lacks, the service says.
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
