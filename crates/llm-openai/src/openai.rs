//! The text completion model.

use catena_core::{ChunkStream, Context, LanguageModel, PromptValue, Result, async_trait, impl_pipe};

use catena_http::service::Call;

use crate::client::Client;
use crate::codec::completions::{CompletionOptions, CompletionStream, decode_completion, encode_completion};
use crate::completion::Completion;
use crate::openai_builder::OpenAiBuilder;

/// A text completion model behind OpenAI's `POST /completions`, at OpenAI or at any server that speaks its format.
///
/// A clone is cheap and shares connections. It works on every executor and in blocking code.
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
/// use catena_core::RunnableExt;
/// use catena_llm_openai::OpenAi;
/// use catena_testkit::SimulatedOpenAi;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = SimulatedOpenAi::start()?; // instead of api.openai.com
/// let llm = OpenAi::builder().with_base_url(service.base_url()).without_api_key().with_temperature(0.9).build()?;
/// # futures_executor::block_on(async {
/// let name = llm.invoke("What is a good name for a company that makes toothpaste?").await?;
/// assert!(!name.is_empty());
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "OpenAI")]
pub struct OpenAi {
    client: Client,
    options: CompletionOptions,
}

impl OpenAi {
    /// A builder with nothing set.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAi;
    /// let llm = OpenAi::builder().with_api_key("sk-...").with_temperature(0.9).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> OpenAiBuilder {
        OpenAiBuilder::default()
    }

    /// The default model, with the key and everything else from the environment: `OpenAi::builder().build()`.
    ///
    /// # Errors
    /// Those of [`OpenAiBuilder::build`].
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAi;
    /// match OpenAi::from_env() {
    ///     Ok(llm) => drop(llm),
    ///     Err(error) => assert!(error.to_string().contains("OPENAI_API_KEY")),
    /// }
    /// ```
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// This model, with the key and everything else from the environment.
    ///
    /// # Errors
    /// Those of [`OpenAiBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_openai::OpenAi;
    /// let llm = OpenAi::new("gpt-3.5-turbo-instruct")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    /// The name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAi;
    /// let llm = OpenAi::builder().with_api_key("sk-...").build()?;
    /// assert_eq!(llm.model(), "gpt-3.5-turbo-instruct");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.options.model
    }

    /// Completes a text, and says also why the answer ended and how many tokens it used.
    ///
    /// # Errors
    /// As for every call of a model; see [`OpenAi`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// # use catena_llm_openai::OpenAi;
    /// # use catena_testkit::SimulatedOpenAi;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let service = SimulatedOpenAi::start()?;
    /// let llm = OpenAi::builder().with_base_url(service.base_url()).without_api_key().with_max_tokens(2).build()?;
    /// # futures_executor::block_on(async {
    /// let completion = llm.complete("Say hello").await?;
    /// assert_eq!(completion.finish_reason.as_deref(), Some("length"));
    /// assert!(completion.usage.is_some_and(|usage| usage.output_tokens > 0));
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok(()) }
    /// ```
    pub async fn complete(&self, prompt: impl Into<PromptValue>) -> Result<Completion> {
        self.complete_in(prompt.into(), &Context::default()).await
    }

    async fn complete_in(&self, prompt: PromptValue, cx: &Context) -> Result<Completion> {
        let answer = self.client.call(self.request(prompt, false)?, cx).await?;
        let completion = decode_completion(&answer.body, &answer.origin)?;
        self.client.check_filter(completion.finish_reason.as_deref(), &answer.origin)?;
        Ok(completion)
    }

    fn request(&self, prompt: PromptValue, stream: bool) -> Result<Call> {
        let body = encode_completion(&self.options, &prompt.into_text(), stream)?;
        self.client.post("completions", self.model(), body)
    }

    pub(crate) fn from_parts(client: Client, options: CompletionOptions) -> Self {
        Self { client, options }
    }
}

#[async_trait]
impl LanguageModel for OpenAi {
    type Output = String;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<String> {
        let completion = self.complete_in(prompt, cx).await?;
        if let Some(usage) = completion.usage {
            cx.report_usage(completion.model.as_deref().unwrap_or(self.model()), usage);
        }
        Ok(completion.text)
    }

    fn provider(&self) -> Option<&str> {
        Some("openai")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        self.client.stream(self.request(prompt, true), cx, CompletionStream::default)
    }
}

impl_pipe!(OpenAi);
