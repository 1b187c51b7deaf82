//! The text completion model.

use catena_core::{
    Capabilities, Capability, ChunkStream, Context, Demand, LanguageModel, PromptValue, Result, async_trait,
    impl_pipe,
};
use catena_http::service::{Call, Reported};
use serde_json::{Map, Value};

use crate::client::Client;
use crate::codec::generate::{CompletionStream, decode_completion};
use crate::codec::request::{Body, encode};
use crate::completion::Completion;
use crate::ollama_builder::OllamaBuilder;
use crate::parameters::{Parameters, unsupported};

/// A text completion model that speaks Ollama's `POST /api/generate`.
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// # Errors
/// As for [`ChatOllama`](crate::ChatOllama).
///
/// # Cancellation
/// Dropping a call or a stream closes its connection, and the service stops generating.
///
/// # Example
/// ```
/// use catena_core::RunnableExt;
/// use catena_llm_ollama::Ollama;
/// # use catena_testkit::{Reply, Server};
/// # let answer = serde_json::json!({"model": "m", "response": "BrightSmile", "done": true});
/// # let server = Server::replay([Reply::json(200, answer)]);
/// let llm = Ollama::builder().with_model("llama3.2").with_base_url(server.url()).build()?;
/// # futures_executor::block_on(async {
/// let name = llm.invoke("What is a good name for a company that makes toothpaste?").await?;
/// assert_eq!(name, "BrightSmile");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ollama {
    client: Client,
    model: String,
    parameters: Parameters,
}

impl Ollama {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::Ollama;
    /// let llm = Ollama::builder().with_model("llama3.2").with_temperature(0.9).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> OllamaBuilder {
        OllamaBuilder::default()
    }

    /// Creates a model of this name, with all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`OllamaBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_ollama::Ollama;
    /// let llm = Ollama::new("llama3.2")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    /// Returns the name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::Ollama;
    /// assert_eq!(Ollama::builder().with_model("llama3.2").build()?.model(), "llama3.2");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Completes a text, and returns the finish reason, the thinking and the token usage with it.
    ///
    /// # Errors
    /// As for every call of a model; see [`Ollama`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::Ollama;
    /// # use catena_testkit::{Reply, Server};
    /// # let answer = serde_json::json!({"response": "Hel", "done": true, "done_reason": "length", "eval_count": 1});
    /// # let server = Server::replay([Reply::json(200, answer)]);
    /// let llm = Ollama::builder().with_model("llama3.2").with_base_url(server.url()).with_max_tokens(1).build()?;
    /// # futures_executor::block_on(async {
    /// let completion = llm.complete("Say hello").await?;
    /// assert_eq!(completion.finish_reason.as_deref(), Some("length"));
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn complete(&self, prompt: impl Into<PromptValue>) -> Result<Completion> {
        self.complete_in(prompt.into(), &Context::default()).await
    }

    async fn complete_in(&self, prompt: PromptValue, cx: &Context) -> Result<Completion> {
        let answer = self.client.call(self.request(prompt, cx, false)?, cx).await?;
        decode_completion(&answer.body, &answer.origin)
    }

    pub(crate) fn from_parts(client: Client, model: String, parameters: Parameters) -> Self {
        Self { client, model, parameters }
    }

    fn request(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<Call> {
        let demand = self.client.asks(|| Demand::of_prompt(self, &prompt, cx));
        let parameters = self.parameters.called(cx.arguments())?;
        if parameters.members.contains_key("tools") {
            return Err(unsupported("call tools in text completions: use `ChatOllama`"));
        }
        let input = ("prompt", prompt.try_into_text()?);
        let body = Body { input, model: &self.model, parameters: &parameters, stream: Some(stream) };
        Ok(self.client.post("api/generate", encode(&body)?, cx.arguments())?.with_demand(demand))
    }
}

#[async_trait]
impl LanguageModel for Ollama {
    type Output = String;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<String> {
        let completion = self.complete_in(prompt, cx).await?;
        if let Some(usage) = completion.usage {
            cx.report_usage(completion.model.as_deref().unwrap_or(self.model()), usage);
        }
        Ok(completion.text)
    }

    fn provider(&self) -> Option<&str> {
        Some("ollama")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with(Capability::Stop).with(Capability::Usage).with(Capability::StructuredOutput)
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        self.client.with_endpoint_digest(self.parameters.described(self.client.base_url(), self.model()))
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        let call = self.request(prompt, &cx, true);
        let decoder = {
            let cx = cx.clone();
            move || Reported::new(CompletionStream::default(), self.model(), cx.clone())
        };
        self.client.stream(call, cx, decoder)
    }
}

impl_pipe!(Ollama);
