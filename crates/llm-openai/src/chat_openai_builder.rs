//! The builder of the chat model.

use catena_core::Result;
use catena_core::load::Constructor;
use serde_json::{Map, Value, json};

use crate::chat_openai::ChatOpenAi;
use crate::codec::chat_request::ChatOptions;
use crate::connection::{Connection, connection_settings};
use crate::disable_streaming::DisableStreaming;
use crate::parameters::{Parameters, shared_parameters};
use crate::saved::{chat_constructor, with_disabled};

/// Builds a [`ChatOpenAi`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// Every parameter of the service's API can also be [bound](catena_core::RunnableExt::bind) to a model under its API
/// name, and then overrides the value set here. The same holds for `extra_headers`, `extra_query` and `timeout`, which
/// apply to the HTTP request and not to its body: `chat.bind("extra_headers", json!({"x-trace": "7"}))`.
///
/// # Example
/// ```
/// use catena_llm_openai::ChatOpenAi;
/// // A server on this machine that knows only the older name of the token limit, and needs no key.
/// let chat = ChatOpenAi::builder()
///     .with_base_url("http://localhost:11434/v1")
///     .without_api_key()
///     .with_model("llama3.2")
///     .with_max_tokens(256)
///     .with_legacy_max_tokens(true)
///     .with_stream_usage(true)
///     .build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ChatOpenAiBuilder {
    connection: Connection,
    model: String,
    pub(crate) parameters: Parameters,
    legacy_max_tokens: bool,
    stream_usage: Option<bool>,
    streaming: bool,
    disabled: Vec<String>,
    pub(crate) use_responses_api: Option<bool>,
    pub(crate) use_previous_response_id: bool,
    response_headers: bool,
    reasoning_echo: Option<String>,
    disable_streaming: DisableStreaming,
}

impl ChatOpenAiBuilder {
    /// Sets the model. Default `gpt-4o-mini`; on Azure, the deployment's model.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the maximum number of tokens to generate, reasoning tokens included. Sent as `max_completion_tokens`.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.parameters.set("max_tokens", limit);
        self
    }

    /// Sends the token limit as `max_tokens`, for servers that do not support the newer name. Default false.
    pub fn with_legacy_max_tokens(mut self, legacy: bool) -> Self {
        self.legacy_max_tokens = legacy;
        self
    }

    /// Sets whether streams end with token counts. Default: only for OpenAI and Azure, because some servers reject the
    /// option.
    pub fn with_stream_usage(mut self, wanted: bool) -> Self {
        self.stream_usage = Some(wanted);
        self
    }

    /// Requests log probabilities of the tokens. They are in the answer's `metadata` as `logprobs`; with the Responses
    /// API they are in the text blocks they belong to, under the same name.
    pub fn with_logprobs(mut self, wanted: bool) -> Self {
        self.parameters.set("logprobs", wanted);
        self
    }

    /// Sets how many of the likeliest alternatives to report per token, from 0 to 20. Requires
    /// [`with_logprobs`](Self::with_logprobs).
    pub fn with_top_logprobs(mut self, alternatives: u32) -> Self {
        self.parameters.set("top_logprobs", alternatives);
        self
    }

    /// Sets how much a reasoning model thinks before it answers: `none`, `minimal`, `low`, `medium`, `high`, ...
    pub fn with_reasoning_effort(mut self, effort: impl Into<String>) -> Self {
        self.parameters.set("reasoning_effort", effort.into());
        self
    }

    /// Sets how long answers are: `low`, `medium` or `high`.
    pub fn with_verbosity(mut self, verbosity: impl Into<String>) -> Self {
        self.parameters.set("verbosity", verbosity.into());
        self
    }

    /// Sets the service tier, which trades cost against latency: `auto`, `default`, `flex`, `priority`, ...
    pub fn with_service_tier(mut self, tier: impl Into<String>) -> Self {
        self.parameters.set("service_tier", tier.into());
        self
    }

    /// Sets whether the service stores the answer for later inspection.
    pub fn with_store(mut self, store: bool) -> Self {
        self.parameters.set("store", store);
        self
    }

    /// Sets labels that the service stores with the answer.
    pub fn with_metadata<K: Into<String>, V: Into<String>>(
        mut self,
        metadata: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let metadata = metadata.into_iter().map(|(name, value)| (name.into(), Value::String(value.into())));
        self.parameters.set("metadata", metadata.collect::<Map<_, _>>());
        self
    }

    /// Sets a key that groups calls with a common prefix, so that the service finds the prefix in its prompt cache.
    pub fn with_prompt_cache_key(mut self, key: impl Into<String>) -> Self {
        self.parameters.set("prompt_cache_key", key.into());
        self
    }

    /// Sets a stable, anonymous identifier of the end user, for the service's abuse detection.
    pub fn with_safety_identifier(mut self, identifier: impl Into<String>) -> Self {
        self.parameters.set("safety_identifier", identifier.into());
        self
    }

    /// Requests spoken answers, with a voice such as `alloy` and a format such as `wav` or `mp3`. The audio is in the
    /// answer's `additional_kwargs` as `audio`.
    pub fn with_audio(mut self, voice: impl Into<String>, format: impl Into<String>) -> Self {
        self.parameters.set("modalities", json!(["text", "audio"]));
        self.parameters.set("audio", json!({ "voice": voice.into(), "format": format.into() }));
        self
    }

    /// Sets the text that most of the answer is expected to repeat, which lowers latency (predicted output).
    pub fn with_prediction(mut self, text: impl Into<String>) -> Self {
        self.parameters.set("prediction", json!({ "type": "content", "content": text.into() }));
        self
    }

    /// Declares tools that the model may call, without executing them; to execute them, use the model's
    /// [`with_tools`](catena_core::ChatModelExt::with_tools). See [`bind_tools`](catena_core::ChatModelExt::bind_tools)
    /// for the accepted forms.
    #[doc(alias = "tools")]
    pub fn with_bound_tools<T: Into<Value>>(mut self, tools: impl IntoIterator<Item = T>) -> Self {
        let tools: Vec<Value> = tools.into_iter().map(Into::into).collect();
        self.parameters.set("tools", tools);
        self
    }

    /// Sets which tool the model calls: a tool's name, `auto`, `none`, or `required` or `any` for at least one call.
    pub fn with_tool_choice(mut self, choice: impl Into<Value>) -> Self {
        self.parameters.set("tool_choice", choice);
        self
    }

    /// Sets whether the model may call several tools in one answer.
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.parameters.set("parallel_tool_calls", parallel);
        self
    }

    /// Sets the format of answers: `{"type": "json_object"}`, a JSON Schema with a title, or the service's own format
    /// object.
    pub fn with_response_format(mut self, format: impl Into<Value>) -> Self {
        self.parameters.set("response_format", format);
        self
    }

    /// Names parameters that are sent only if the application sets them, never because of the model's name or the needs
    /// of a call: `temperature`, `stream_options`, and `parallel_tool_calls` and `tool_choice`, which structured output by
    /// [`FunctionCalling`](catena_core::StructuredMethod::FunctionCalling) and the last round of a tool loop send otherwise.
    pub fn with_disabled_params<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.disabled = names.into_iter().map(Into::into).collect();
        self
    }

    /// Keeps the response headers in each answer's `metadata` as `headers`, for what the service reports only there,
    /// such as the remaining rate limit. Default false.
    #[doc(alias = "include_response_headers")]
    pub fn with_response_headers(mut self, kept: bool) -> Self {
        self.response_headers = kept;
        self
    }

    /// Sends the `reasoning` of every earlier answer back to the model, as this member of the message:
    /// `reasoning_content` for DeepSeek, which rejects conversations with tool calls that lack it. For an answer
    /// without reasoning the member is empty. Default: not sent, because other services ignore or reject it. The
    /// Responses API returns reasoning in its own format and ignores this setting.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, Message, RunnableExt};
    /// use catena_llm_openai::ChatOpenAi;
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([Reply::json(200, json!({"choices": [{"message": {"content": "Sunny."}}]}))]);
    /// let chat = ChatOpenAi::builder()
    ///     .with_base_url(server.url()) // https://api.deepseek.com
    ///     .with_api_key("sk-...")
    ///     .with_model("deepseek-reasoner")
    ///     .with_reasoning_echo("reasoning_content")
    ///     .build()?;
    /// let mut answer = AiMessage::new("Let me see.");
    /// answer.reasoning = Some("They want the weather.".into());
    /// # futures_executor::block_on(async {
    /// chat.invoke([Message::human("How is it?"), answer.into(), Message::human("Well?")]).await?;
    /// assert_eq!(server.requests()[0].json()["messages"][1]["reasoning_content"], "They want the weather.");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn with_reasoning_echo(mut self, member: impl Into<String>) -> Self {
        self.reasoning_echo = Some(member.into());
        self
    }

    /// Sets when a stream consists of one complete answer, fetched by a plain call, for servers that do not stream:
    /// always (true), or only when tools are given. It then also overrides [`with_streaming`](Self::with_streaming) for
    /// calls. Default never.
    pub fn with_disable_streaming(mut self, disabled: impl Into<DisableStreaming>) -> Self {
        self.disable_streaming = disabled.into();
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key (for OpenAI), an invalid URL, key, proxy
    /// or number, or a key that would be sent unencrypted.
    /// [`ErrorKind::InvalidInput`](catena_core::ErrorKind::InvalidInput) for a malformed tool or response format.
    pub fn build(mut self) -> Result<ChatOpenAi> {
        if self.model.is_empty() && !self.connection.is_azure() {
            self.model = "gpt-4o-mini".to_owned();
        }
        let constructor = self.constructor().and_then(|made| self.connection.save_to(made));
        let mut options = ChatOptions {
            model: self.model,
            parameters: self.parameters,
            legacy_max_tokens: self.legacy_max_tokens,
            stream_usage: false,
            streaming: self.streaming,
            disabled: self.disabled,
            use_responses_api: self.use_responses_api,
            use_previous_response_id: self.use_previous_response_id,
            response_headers: self.response_headers,
            reasoning_echo: self.reasoning_echo,
            disable_streaming: self.disable_streaming,
        };
        options.finish()?;
        let client = self.connection.connect()?;
        options.stream_usage = self.stream_usage.unwrap_or(client.is_openai() || client.is_azure());
        Ok(ChatOpenAi::from_parts(client, options, constructor))
    }

    /// Returns what is saved of the model, without its connection; `None` if a parameter holds a key to an MCP server.
    fn constructor(&self) -> Option<Constructor> {
        if self.parameters.has_secrets() {
            return None;
        }
        let mut parameters = self.parameters.clone();
        if self.legacy_max_tokens
            && let Some(limit) = parameters.members.remove("max_tokens")
        {
            // LangChain sends this setting under the newer name, but an extra member unchanged.
            parameters.extra.entry("max_tokens").or_insert(limit);
        }
        let mut made = chat_constructor(&self.model, &parameters);
        let flags = [
            ("stream_usage", self.stream_usage),
            ("use_responses_api", self.use_responses_api),
            ("streaming", self.streaming.then_some(true)),
            ("use_previous_response_id", self.use_previous_response_id.then_some(true)),
            ("include_response_headers", self.response_headers.then_some(true)),
        ];
        for (name, flag) in flags {
            if let Some(flag) = flag {
                made = made.with(name, flag);
            }
        }
        if let Some(name) = &self.reasoning_echo {
            made = made.with("reasoning_echo", name.as_str());
        }
        if let Some(word) = self.disable_streaming.written() {
            made = made.with("disable_streaming", word);
        }
        Some(with_disabled(made, &self.disabled))
    }
}

connection_settings!(ChatOpenAiBuilder);
shared_parameters!(ChatOpenAiBuilder);
