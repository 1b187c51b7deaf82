//! The builder of the chat model.

use catena_core::load::{Constructor, Kwargs};
use catena_core::{Result, Stop};
use serde_json::{Value, json};

use crate::chat_anthropic::ChatAnthropic;
use crate::codec::chat_request::ChatOptions;
use crate::connection::{Connection, connection_settings};
use crate::parameters::Parameters;

const DEFAULT_MODEL: &str = "claude-haiku-4-5";

/// Builds a [`ChatAnthropic`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// Every parameter of the service's API can also be [bound](catena_core::RunnableExt::bind) to a model, under its own
/// name or OpenAI's, and then overrides the value set here.
///
/// # Example
/// ```
/// use catena_llm_anthropic::ChatAnthropic;
/// let chat = ChatAnthropic::builder()
///     .with_api_key("sk-ant-...")
///     .with_model("claude-sonnet-4-5")
///     .with_max_tokens(1024)
///     .with_stop(["END"])
///     .with_prompt_caching(true)
///     .build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ChatAnthropicBuilder {
    connection: Connection,
    model: String,
    parameters: Parameters,
    betas: Vec<String>,
    system_turns: bool,
    streaming: bool,
}

impl ChatAnthropicBuilder {
    /// Sets the model. Default `claude-haiku-4-5`.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the maximum number of tokens to generate, thinking included. The service requires one; default 4096, plus
    /// the thinking budget.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.parameters.set("max_tokens", limit);
        self
    }

    /// Sets the sampling temperature, from 0 to 1. Not compatible with thinking.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.parameters.set_number("temperature", temperature);
        self
    }

    /// Restricts sampling to the likeliest tokens whose probabilities add up to this value, from 0 to 1.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.parameters.set_number("top_p", top_p);
        self
    }

    /// Restricts sampling to this many of the likeliest tokens.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.parameters.set("top_k", top_k);
        self
    }

    /// Sets the stop sequences: texts at which generation ends, and which the answer does not include. Takes one or a
    /// list, and replaces those set before. The sequence that matched is in the answer's `metadata` as `stop_sequence`.
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.parameters.set("stop_sequences", stop.into().into_texts());
        self
    }

    /// Enables thinking before the answer, with a budget of at most this many tokens, at least 1024. The thinking is
    /// the answer's `reasoning`; the signed thinking blocks in its content are sent back with the conversation.
    pub fn with_thinking(mut self, budget_tokens: u32) -> Self {
        self.parameters.set("thinking", json!({ "type": "enabled", "budget_tokens": budget_tokens }));
        self
    }

    /// Lets the model decide whether and how much it thinks, for models that support it.
    pub fn with_adaptive_thinking(mut self) -> Self {
        self.parameters.set("thinking", json!({ "type": "adaptive" }));
        self
    }

    /// Sets how much effort the model puts into its answer: `low`, `medium`, `high`, ...
    pub fn with_effort(mut self, effort: impl Into<String>) -> Self {
        self.parameters.set("effort", effort.into());
        self
    }

    /// Marks the end of each request as a cache breakpoint, so that the next request with the same prefix costs less.
    /// To set other breakpoints, put `cache_control` into a block, its `extras`, or a tool. Default false.
    pub fn with_prompt_caching(mut self, cached: bool) -> Self {
        let mark = if cached { json!({ "type": "ephemeral" }) } else { Value::Null };
        self.parameters.set("cache_control", mark);
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
    /// Not compatible with thinking.
    pub fn with_tool_choice(mut self, choice: impl Into<Value>) -> Self {
        self.parameters.set("tool_choice", choice);
        self
    }

    /// Sets whether the model may call several tools in one answer.
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.parameters.set("parallel_tool_calls", parallel);
        self
    }

    /// Sets the format of answers: a JSON Schema, or OpenAI's object around one. Its object schemas are closed (no
    /// additional properties), as the service requires.
    pub fn with_response_format(mut self, format: impl Into<Value>) -> Self {
        self.parameters.set("response_format", format);
        self
    }

    /// Sets the capacity that serves the call: `auto` or `standard_only`.
    pub fn with_service_tier(mut self, tier: impl Into<String>) -> Self {
        self.parameters.set("service_tier", tier.into());
        self
    }

    /// Sets a stable, anonymous identifier of the end user, for the service's abuse detection.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.parameters.set("user", user.into());
        self
    }

    /// Enables beta features, by their names in the header `anthropic-beta`. Adds to those set before.
    pub fn with_betas<T: Into<String>>(mut self, betas: impl IntoIterator<Item = T>) -> Self {
        self.betas.extend(betas.into_iter().map(Into::into));
        self
    }

    /// Sends system messages in place, for models that accept them within a conversation. Those at its start are always
    /// accepted. Default false: system messages elsewhere are an error.
    pub fn with_system_turns(mut self, in_place: bool) -> Self {
        self.system_turns = in_place;
        self
    }

    /// Streams the answer even for a plain call, and merges the chunks. For long answers, during which an idle
    /// connection might be closed. Default false.
    pub fn with_streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// Adds a member to the body of every request, unchanged; it overrides what other methods of this builder set. For
    /// parameters that this crate does not know.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.extra.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key, an invalid URL, key, proxy or number,
    /// or a key that would be sent unencrypted. [`ErrorKind::InvalidInput`](catena_core::ErrorKind::InvalidInput) for a
    /// malformed tool or response format, [`ErrorKind::Unsupported`](catena_core::ErrorKind::Unsupported) for settings
    /// that contradict each other.
    pub fn build(mut self) -> Result<ChatAnthropic> {
        if self.model.is_empty() {
            self.model = DEFAULT_MODEL.to_owned();
        }
        let constructor = self.constructor();
        let mut options = ChatOptions {
            model: self.model,
            parameters: self.parameters,
            betas: self.betas,
            system_turns: self.system_turns,
            streaming: self.streaming,
            ..ChatOptions::default()
        };
        options.finish()?;
        Ok(ChatAnthropic::from_parts(self.connection.connect()?, options, constructor))
    }

    /// Returns what is saved of the model, if it can be saved.
    fn constructor(&self) -> Option<Constructor> {
        let mut made = self.parameters.written(&self.model).filter(|_| !self.system_turns)?;
        if !self.betas.is_empty() {
            made = made.with("betas", self.betas.clone());
        }
        if self.streaming {
            made = made.with("streaming", true);
        }
        self.connection.save_to(made)
    }

    /// Loads saved settings, except those with methods of their own.
    pub(crate) fn load_saved(mut self, kwargs: &mut Kwargs) -> Result<Self> {
        self.connection.load(kwargs)?;
        self.parameters.load(kwargs)?;
        Ok(self)
    }
}

connection_settings!(ChatAnthropicBuilder);
