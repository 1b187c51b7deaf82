//! The chat model.

use catena_core::{
    AiMessage, ChunkStream, Context, LanguageModel, PromptValue, Result, async_trait, impl_pipe,
};

use catena_http::service::Call;

use crate::chat_openai_builder::ChatOpenAiBuilder;
use crate::client::Client;
use crate::codec::chat_request::{ChatOptions, encode_chat};
use crate::codec::chat_response::decode_chat;
use crate::codec::chat_stream::ChatStream;

/// A chat model behind OpenAI's `POST /chat/completions`, at OpenAI or at any server that speaks its format.
///
/// A clone is cheap and shares connections. It works on every executor and in blocking code.
///
/// Finish reason, model, request id and unknown members of an answer are in the message's `metadata`, token counts in its
/// `usage`. A stream delivers them with its last pieces; counts only if the service was asked for them, see
/// [`with_stream_usage`](ChatOpenAiBuilder::with_stream_usage).
///
/// # Errors
/// Errors of the service have the kind that its status stands for, say whether and when to try again, and carry what the
/// service said as [`ServiceError`](catena_core::ServiceError). A stream that breaks off ends with an error after the
/// text that arrived. No error shows the key.
///
/// # Cancellation
/// Dropping a call or a stream closes its connection.
///
/// # Example
/// ```
/// use catena_core::{Message, RunnableExt};
/// use catena_llm_openai::ChatOpenAi;
/// use catena_testkit::SimulatedOpenAi;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = SimulatedOpenAi::start()?; // instead of api.openai.com
/// let chat = ChatOpenAi::builder().with_base_url(service.base_url()).without_api_key().build()?;
/// # futures_executor::block_on(async {
/// let answer = chat.invoke([Message::system("Be brief."), Message::human("Say hello")]).await?;
/// assert!(!answer.text().is_empty());
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "ChatOpenAI")]
pub struct ChatOpenAi {
    client: Client,
    options: ChatOptions,
}

impl ChatOpenAi {
    /// A builder with nothing set.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::ChatOpenAi;
    /// let chat = ChatOpenAi::builder().with_api_key("sk-...").with_max_tokens(100).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> ChatOpenAiBuilder {
        ChatOpenAiBuilder::default()
    }

    /// The default model, with the key and everything else from the environment: `ChatOpenAi::builder().build()`.
    ///
    /// # Errors
    /// Those of [`ChatOpenAiBuilder::build`].
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::ChatOpenAi;
    /// match ChatOpenAi::from_env() {
    ///     Ok(chat) => drop(chat),
    ///     Err(error) => assert!(error.to_string().contains("OPENAI_API_KEY")),
    /// }
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// This model, with the key and everything else from the environment.
    ///
    /// # Errors
    /// Those of [`ChatOpenAiBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_openai::ChatOpenAi;
    /// let chat = ChatOpenAi::new("gpt-4o")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    /// The name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::ChatOpenAi;
    /// let chat = ChatOpenAi::builder().with_api_key("sk-...").build()?;
    /// assert_eq!(chat.model(), "gpt-4o-mini");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.options.model
    }

    pub(crate) fn from_parts(client: Client, options: ChatOptions) -> Self {
        Self { client, options }
    }

    fn request(&self, prompt: PromptValue, stream: bool) -> Result<Call> {
        let body = encode_chat(&self.options, &prompt.into_messages(), stream)?;
        self.client.post("chat/completions", self.model(), body)
    }
}

#[async_trait]
impl LanguageModel for ChatOpenAi {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        let answer = self.client.call(self.request(prompt, false)?, cx).await?;
        let message = decode_chat(&answer.body, &answer.origin)?;
        self.client.check_filter(message.metadata.finish_reason.as_deref(), &answer.origin)?;
        Ok(message)
    }

    fn provider(&self) -> Option<&str> {
        Some("openai")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        self.client.stream(self.request(prompt, true), cx, ChatStream::default)
    }
}

impl_pipe!(ChatOpenAi);
