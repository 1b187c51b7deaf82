//! The chat model.

use std::borrow::Cow;
use std::sync::Arc;

use catena_core::load::Constructor;
use catena_core::{
    AiMessage, Capabilities, Capability, ChunkStream, Context, Demand, LanguageModel, PromptValue, Result,
    Runnable, async_trait, gather, impl_pipe,
};
use futures_util::stream;
use serde_json::{Map, Value};

use catena_http::service::Call;

use crate::chat_api::{ChatApi, ChatRequest};
use crate::chat_openai_builder::ChatOpenAiBuilder;
use crate::client::Client;
use crate::codec::chat_request::{ChatOptions, encode_for_api};
use crate::openai_client::OpenAiClient;

/// A chat model that speaks OpenAI's `POST /chat/completions`, at OpenAI or any compatible server, or the Responses API
/// where a [request needs it](ChatOpenAiBuilder::with_use_responses_api).
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// An answer's finish reason, model, request id and unknown members are in its `metadata`, its token counts in `usage`.
/// A stream delivers them with its last chunks, and the counts only if they were requested, see
/// [`with_stream_usage`](ChatOpenAiBuilder::with_stream_usage).
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
    /// What is saved of the model.
    constructor: Option<Arc<Constructor>>,
}

impl ChatOpenAi {
    /// Returns a builder with default settings.
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

    /// Creates the default model, with the key and all other settings from the environment:
    /// `ChatOpenAi::builder().build()`.
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

    /// Creates a model of this name, with the key and all other settings from the environment.
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

    /// Returns the name of the model.
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

    /// Returns all answers to a prompt, as many as [`with_n`](ChatOpenAiBuilder::with_n) requests. Each carries the
    /// usage of the whole call.
    ///
    /// # Errors
    /// As for every call of a model; see [`ChatOpenAi`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::ChatOpenAi;
    /// use catena_testkit::{Reply, Server};
    /// use serde_json::json;
    ///
    /// let server = Server::replay([Reply::json(200, json!({"choices": [
    ///     {"index": 0, "message": {"content": "heads"}, "finish_reason": "stop"},
    ///     {"index": 1, "message": {"content": "tails"}, "finish_reason": "stop"},
    /// ]}))]);
    /// let chat = ChatOpenAi::builder().with_base_url(server.url()).without_api_key().with_n(2).build()?;
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
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Context, RunnableExt};
    /// use catena_llm_openai::ChatOpenAi;
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::json(200, serde_json::json!({"choices": [{"message": {"content": "a"}}]}))]);
    /// # let chat = ChatOpenAi::builder().with_base_url(server.url()).without_api_key().build()?;
    /// let count = lambda(move |question: String, cx: Context| {
    ///     let chat = chat.clone();
    ///     async move { chat.generate_all_in(question, &cx).await.map(|answers| answers.len() as u64) }
    /// });
    /// # futures_executor::block_on(async {
    /// assert_eq!(count.bind("n", 5).invoke("Heads or tails?").await?, 1);
    /// assert_eq!(server.requests()[0].json()["n"], 5);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn generate_all_in(
        &self,
        prompt: impl Into<PromptValue>,
        cx: &Context,
    ) -> Result<Vec<AiMessage>> {
        let prompt = prompt.into();
        if self.options.streaming && !self.options.streams_at_once(cx.arguments()) {
            return Runnable::call(self, prompt, cx).await.map(|answer| vec![answer]);
        }
        let demand = || Demand::of_prompt(self, &prompt, cx);
        cx.admitted(demand, async |cx| {
            let (api, call) = self.call(prompt.clone(), &cx, false)?;
            let answer = self.client.call(call, &cx).await?;
            let messages = api.decode_all(&answer.body, &answer.origin, self.options.response_headers)?;
            // Each answer carries the usage of the whole call.
            if let Some((message, usage)) =
                messages.first().and_then(|message| Some((message, message.usage?)))
            {
                cx.report_usage(message.metadata.model.as_deref().unwrap_or(self.model()), usage);
            }
            cx.report_outputs(&messages);
            for message in &messages {
                self.client.content_filter().check(message, &answer.origin)?;
            }
            Ok(messages)
        })
        .await
    }

    pub(crate) fn from_parts(client: Client, options: ChatOptions, constructor: Option<Constructor>) -> Self {
        Self { client, options, constructor: constructor.map(Arc::new) }
    }

    /// Returns a client for the other endpoints of the same service, which shares the model's connections.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::ChatOpenAi;
    /// let chat = ChatOpenAi::builder().with_api_key("sk-...").build()?;
    /// let models = chat.client().models();
    /// # drop(models);
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn client(&self) -> OpenAiClient {
        OpenAiClient::from_parts(self.client.clone())
    }

    /// Encodes a prompt's request as one line of a batch.
    pub(crate) fn line(&self, prompt: PromptValue) -> Result<ChatRequest<'_>> {
        let mut options = Cow::Borrowed(&self.options);
        self.name_model(&mut options)?;
        encode(options.api(), options, prompt, false)
    }

    /// Encodes a prompt's request, with the arguments bound to the run.
    fn request(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<ChatRequest<'_>> {
        let mut options = self.options.called(cx.arguments())?;
        let api = options.api();
        if api == ChatApi::Responses {
            self.name_model(&mut options)?;
        }
        encode(api, options, prompt, stream)
    }

    /// Names the model in the request, because the URL does not.
    fn name_model(&self, options: &mut Cow<'_, ChatOptions>) -> Result<()> {
        if options.model.is_empty() && !options.parameters.extra.contains_key("model") {
            options.to_mut().model = self.client.named("")?.to_owned();
        }
        Ok(())
    }

    /// Builds the call for a prompt, and selects the API it goes to.
    fn call(&self, prompt: PromptValue, cx: &Context, stream: bool) -> Result<(ChatApi, Call)> {
        let demand = self.client.asks(|| Demand::of_prompt(self, &prompt, cx));
        let ChatRequest { api, model, body } = self.request(prompt, cx, stream)?;
        let call = self.client.post(api.path(), &model, body)?.with_demand(demand);
        Ok((api, call.with_arguments(cx.arguments())?))
    }
}

#[async_trait]
impl LanguageModel for ChatOpenAi {
    type Output = AiMessage;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<AiMessage> {
        if self.options.streaming && !self.options.streams_at_once(cx.arguments()) {
            // Boxed, so that calls that do not stream do not reserve space for it.
            let whole = Box::pin(gather(self.generate_stream(prompt, cx.clone()))).await?;
            return Ok(whole.unwrap_or_default().into_whole());
        }
        let (api, call) = self.call(prompt, cx, false)?;
        // Bound before it is awaited: temporaries would otherwise live, and take space, as long as the call.
        let answer = self.client.call(call, cx);
        let answer = answer.await?;
        // Checked where it is: a message is large, and each step of unwrapping and wrapping moves it.
        let decoded = api.decode(&answer.body, &answer.origin, self.options.response_headers);
        if let Ok(message) = &decoded {
            self.client.content_filter().check(message, &answer.origin)?;
        }
        decoded
    }

    fn provider(&self) -> Option<&str> {
        Some("openai")
    }

    fn model_id(&self) -> Option<&str> {
        Some(self.model())
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = match self.options.api() {
            ChatApi::Completions => CAPABILITIES,
            ChatApi::Responses => CAPABILITIES
                .without(Capability::Stop)
                .without(Capability::AudioInput)
                .without(Capability::Candidates),
        };
        let asked_by =
            [("parallel_tool_calls", Capability::SingleToolCall), ("tool_choice", Capability::ToolChoice)];
        for (parameter, capability) in asked_by {
            if self.options.is_disabled(parameter) {
                can = can.only_if_asked(capability);
            }
        }
        if is_before_schemas(self.model()) { can.without(Capability::StructuredOutput) } else { can }
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        let mut described = self.options.parameters.described(&self.client, self.model())?;
        if let Some(member) = &self.options.reasoning_echo {
            described.insert("reasoning_echo".to_owned(), member.as_str().into());
        }
        // The two APIs answer differently, and what an answer carries is part of it.
        let flags = [
            ("use_responses_api", self.options.api() == ChatApi::Responses),
            ("include_response_headers", self.options.response_headers),
        ];
        let set = flags.into_iter().filter(|(_, set)| *set);
        described.extend(set.map(|(name, set)| (name.to_owned(), set.into())));
        Some(described)
    }

    fn constructor(&self) -> Option<Constructor> {
        self.constructor.as_deref().cloned()
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, AiMessage> {
        if self.options.streams_at_once(cx.arguments()) {
            return Box::pin(stream::once(async move { self.generate(prompt, &cx).await }));
        }
        let call = self.call(prompt, &cx, true);
        let api = call.as_ref().map_or(ChatApi::Completions, |(api, _)| *api);
        let call = call.map(|(_, call)| call);
        let (filter, headers) = (self.client.content_filter(), self.options.response_headers);
        self.client.stream(call, cx, move || filter.decoder(api.decoder(headers)))
    }
}

fn encode<'a>(
    api: ChatApi,
    options: Cow<'a, ChatOptions>,
    prompt: PromptValue,
    stream: bool,
) -> Result<ChatRequest<'a>> {
    let body = encode_for_api(api, &options, &prompt.into_messages(), stream)?;
    let model = match options {
        Cow::Borrowed(options) => Cow::Borrowed(&*options.model),
        Cow::Owned(options) => Cow::Owned(options.model),
    };
    Ok(ChatRequest { api, model, body })
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
    .with(Capability::SingleToolCall)
    .with(Capability::StructuredOutput)
    .with(Capability::ImageInput)
    .with(Capability::AudioInput)
    .with(Capability::FileInput)
    .with(Capability::Reasoning)
    .with(Capability::Candidates);

/// Returns true for models that predate structured output by JSON Schema.
fn is_before_schemas(model: &str) -> bool {
    model.starts_with("gpt-3") || model.starts_with("gpt-4-") || model == "gpt-4"
}

impl_pipe!(ChatOpenAi);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_flight_is_small() {
        let chat =
            ChatOpenAi::builder().ignore_environment().with_api_key("sk-1234").build().expect("a model");
        let cx = Context::default();
        // Thousands of calls wait at once, and larger ones are slower to allocate.
        let call = size_of_val(&*chat.generate("Hi".into(), &cx));
        assert!(call <= 1032, "{call} bytes");
    }
}
