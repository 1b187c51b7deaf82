//! The text completion model.

use std::sync::Arc;

use catena_core::load::Constructor;
use catena_core::{
    Capabilities, Capability, ChunkStream, Context, Demand, Error, ErrorKind, LanguageModel, PromptValue,
    Result, Runnable, async_trait, gather, impl_pipe,
};
use serde_json::{Map, Value};

use catena_http::service::{Call, Reported, read_mended};

use crate::client::Client;
use crate::codec::completion_stream::CompletionStream;
use crate::codec::completions::{
    CompletionOptions, Prompts, decode_completion, decode_completions, encode_completion,
};
use crate::codec::context_size::with_limit;
use crate::completion::Completion;
use crate::llm_result::LlmResult;
use crate::openai_builder::OpenAiBuilder;

/// A text completion model that speaks OpenAI's `POST /completions`, at OpenAI or any compatible server.
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// # Errors
/// Errors of the service have a kind derived from the status, say whether and when to retry, and carry the service's
/// details as [`ServiceError`](catena_core::ServiceError). An interrupted stream ends with an error after the text that
/// arrived. No error shows the key.
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
    /// The number of prompts per request.
    batch_size: usize,
    /// What is saved of the model.
    constructor: Option<Arc<Constructor>>,
}

impl OpenAi {
    /// Returns a builder with default settings.
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

    /// Creates the default model, with the key and all other settings from the environment:
    /// `OpenAi::builder().build()`.
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

    /// Creates a model of this name, with the key and all other settings from the environment.
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

    /// Returns the name of the model.
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

    /// Completes a text, and returns the finish reason and token usage with it.
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
        let prompt = prompt.into().try_into_text()?;
        self.complete_in(&prompt, &Context::default()).await
    }

    /// Completes several prompts with few requests, and returns every completion that the service generated.
    ///
    /// Each request holds up to [`with_batch_size`](OpenAiBuilder::with_batch_size) prompts; requests are sent one
    /// after the other. Each prompt gets [`with_n`](OpenAiBuilder::with_n) completions.
    ///
    /// # Errors
    /// As for every call of a model, see [`OpenAi`]; if one request fails, the whole call fails. `InvalidInput` if the
    /// model is built [with streaming](OpenAiBuilder::with_streaming) and there are several prompts.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// # use catena_llm_openai::OpenAi;
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([Reply::json(200, json!({"choices": [{"text": "a!"}, {"text": "b!"}]}))]);
    /// let llm = OpenAi::builder().with_base_url(server.url()).without_api_key().build()?;
    /// # futures_executor::block_on(async {
    /// let result = llm.generate_all(["Say a", "Say b"]).await?;
    /// assert_eq!(result.generations[1][0].text, "b!");
    /// assert_eq!(server.requests().len(), 1);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn generate_all<T: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = T>,
    ) -> Result<LlmResult> {
        self.generate_all_in(prompts, &Context::default()).await
    }

    /// Runs [`generate_all`](Self::generate_all) as a step of a run, with the arguments bound to it.
    ///
    /// # Errors
    /// As for [`generate_all`](Self::generate_all).
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Context, RunnableExt};
    /// use catena_llm_openai::OpenAi;
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::json(200, serde_json::json!({"choices": [{"text": "a"}, {"text": "b"}]}))]);
    /// # let llm = OpenAi::builder().with_base_url(server.url()).without_api_key().build()?;
    /// let names = lambda(move |what: String, cx: Context| {
    ///     let llm = llm.clone();
    ///     async move {
    ///         let result = llm.generate_all_in([format!("Name {what}")], &cx).await?;
    ///         Ok::<_, catena_core::Error>(result.generations[0].len() as u64)
    ///     }
    /// });
    /// # futures_executor::block_on(async {
    /// assert_eq!(names.bind("n", 2).invoke("a colour").await?, 2);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn generate_all_in<T: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = T>,
        cx: &Context,
    ) -> Result<LlmResult> {
        let prompts: Vec<String> =
            prompts.into_iter().map(|prompt| prompt.into().try_into_text()).collect::<Result<_>>()?;
        if let (true, [prompt]) = (self.options.streaming, &prompts[..]) {
            let text = Runnable::call(self, prompt.as_str().into(), cx).await?;
            let completion = Completion { text, ..Completion::default() };
            let model = self.options.called(cx.arguments())?.model.clone();
            let mut result = LlmResult { model, ..LlmResult::default() };
            result.add(vec![vec![completion]]);
            return Ok(result);
        }
        self.generate_batches(Prompts::Many(&prompts), cx).await
    }

    /// Like [`generate_all_in`](Self::generate_all_in), for prompts that are already tokenized, as token ids in the
    /// model's encoding. A prompt that was cut to fit is sent exactly as it was counted.
    ///
    /// # Errors
    /// As for [`generate_all`](Self::generate_all); `InvalidInput` if the model is built
    /// [with streaming](OpenAiBuilder::with_streaming).
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// # use catena_core::Context;
    /// # use catena_llm_openai::OpenAi;
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([Reply::json(200, json!({"choices": [{"text": " world"}]}))]);
    /// let llm = OpenAi::builder().with_base_url(server.url()).without_api_key().build()?;
    /// # futures_executor::block_on(async {
    /// let result = llm.generate_tokens_in(&[vec![9906, 11]], &Context::default()).await?;
    /// assert_eq!(result.generations[0][0].text, " world");
    /// assert_eq!(server.requests()[0].json()["prompt"], json!([[9906, 11]]));
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn generate_tokens_in(&self, prompts: &[Vec<u32>], cx: &Context) -> Result<LlmResult> {
        self.generate_batches(Prompts::Tokens(prompts), cx).await
    }

    async fn generate_batches(&self, prompts: Prompts<'_>, cx: &Context) -> Result<LlmResult> {
        let options = self.options.called(cx.arguments())?;
        if options.streaming {
            return Err(Error::new(ErrorKind::InvalidInput, "only one text can be streamed at a time"));
        }
        let mut result = LlmResult { model: options.model.clone(), ..LlmResult::default() };
        for prompts in prompts.chunks(self.batch_size) {
            let call = async |cx: Context| {
                let call = self.request(&options, prompts, &cx, false)?;
                let answer = self.client.call(call, &cx).await?;
                let read = |body: &[u8]| decode_completions(body, prompts.len(), &answer.origin);
                let generations = read_mended(&answer.body, read)?;
                // Every completion of a request carries the usage of the whole request.
                if let Some((one, usage)) =
                    generations.iter().flatten().find_map(|one| Some((one, one.usage?)))
                {
                    cx.report_usage(one.model.as_deref().unwrap_or(&options.model), usage);
                }
                cx.report_outputs(generations.iter().flatten().map(|one| &one.text));
                Ok(generations)
            };
            result.add(cx.admitted(|| self.demand(prompts, cx), call).await?);
        }
        Ok(result)
    }

    fn demand<'a>(&'a self, prompts: Prompts<'_>, cx: &'a Context) -> Demand<'a> {
        match prompts {
            Prompts::One(text) => Demand::of_texts(self, [text], cx),
            Prompts::Many(texts) => Demand::of_texts(self, texts, cx),
            Prompts::Tokens(texts) => {
                let tokens: usize = texts.iter().map(Vec::len).sum();
                Demand::of_tokens_in(self, tokens as u64, texts.len() as u64, cx)
            }
        }
    }

    async fn complete_in(&self, prompt: &str, cx: &Context) -> Result<Completion> {
        let options = self.options.called(cx.arguments())?;
        let answer = self.client.call(self.request(&options, Prompts::One(prompt), cx, false)?, cx).await?;
        read_mended(&answer.body, |body| decode_completion(body, &answer.origin))
    }

    fn request(
        &self,
        options: &CompletionOptions,
        prompts: Prompts<'_>,
        cx: &Context,
        stream: bool,
    ) -> Result<Call> {
        refuse_what_only_chats_do(cx.arguments())?;
        let demand = self.client.asks(|| self.demand(prompts, cx));
        let body = encode_completion(&*with_limit(options, prompts)?, prompts, stream)?;
        let call = self.client.post("completions", &options.model, body)?.with_demand(demand);
        call.with_arguments(cx.arguments())
    }

    /// Streams a completion and returns its whole text.
    async fn gathered(&self, prompt: &str, cx: &Context) -> Result<String> {
        let stream = self.generate_stream(prompt.into(), cx.clone());
        Ok(gather(stream).await?.unwrap_or_default())
    }

    pub(crate) fn from_parts(
        client: Client,
        options: CompletionOptions,
        batch_size: usize,
        constructor: Option<Constructor>,
    ) -> Self {
        Self { client, options, batch_size, constructor: constructor.map(Arc::new) }
    }
}

#[async_trait]
impl LanguageModel for OpenAi {
    type Output = String;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<String> {
        let prompt = prompt.try_into_text()?;
        if self.options.streaming {
            return self.gathered(&prompt, cx).await;
        }
        let completion = self.complete_in(&prompt, cx).await?;
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

    fn capabilities(&self) -> Capabilities {
        Capabilities::none().with(Capability::Stop).with(Capability::Usage).with(Capability::Candidates)
    }

    fn constructor(&self) -> Option<Constructor> {
        self.constructor.as_deref().cloned()
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        self.options.parameters.described(&self.client, self.model())
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, String> {
        let call = prompt.try_into_text().and_then(|prompt| {
            let options = self.options.called(cx.arguments())?;
            self.request(&options, Prompts::One(&prompt), &cx, true)
        });
        let decoder = {
            let cx = cx.clone();
            move || Reported::new(CompletionStream::default(), self.model(), cx.clone())
        };
        self.client.stream(call, cx, decoder)
    }
}

impl_pipe!(OpenAi);

/// Rejects tools and response formats, which text completions do not support.
fn refuse_what_only_chats_do(arguments: Option<&Map<String, Value>>) -> Result<()> {
    let asked = |name: &&&str| match arguments.and_then(|arguments| arguments.get(**name)) {
        None | Some(Value::Null) => false,
        Some(value) => value.as_array().is_none_or(|values| !values.is_empty()) && value != "none",
    };
    match ["tools", "tool_choice", "response_format"].iter().find(asked) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("a completion takes no `{name}`: use `ChatOpenAi`"),
        )),
    }
}
