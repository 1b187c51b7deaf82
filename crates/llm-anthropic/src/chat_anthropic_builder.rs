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
/// Every setting that the service knows can also be [bound](catena_core::RunnableExt::bind) to a model, under the
/// service's name for it or OpenAI's, and counts there more than here.
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
    /// The model. Default `claude-haiku-4-5`.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// The most tokens to generate, thinking included. The service wants to be told; default 4096, and the budget for
    /// thoughts on top of it.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.parameters.set("max_tokens", limit);
        self
    }

    /// How bold the choice of words is, from 0 to 1. Not together with thinking.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.parameters.set_number("temperature", temperature);
        self
    }

    /// Considers only the likeliest tokens that together have this probability, from 0 to 1.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.parameters.set_number("top_p", top_p);
        self
    }

    /// Considers only this many of the likeliest tokens.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.parameters.set("top_k", top_k);
        self
    }

    /// Texts at which the answer ends, without them: one, or a list. Replaces what was set before. Which of them it was is in
    /// the answer's `metadata` as `stop_sequence`.
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.parameters.set("stop_sequences", stop.into().into_texts());
        self
    }

    /// Lets the model think before it answers, with at most this many tokens, at least 1024. What it thought is the
    /// answer's `reasoning`; the signed thoughts among the blocks of its content go back with the conversation.
    pub fn with_thinking(mut self, budget_tokens: u32) -> Self {
        self.parameters.set("thinking", json!({ "type": "enabled", "budget_tokens": budget_tokens }));
        self
    }

    /// Lets the model decide whether and how much it thinks, for models that can.
    pub fn with_adaptive_thinking(mut self) -> Self {
        self.parameters.set("thinking", json!({ "type": "adaptive" }));
        self
    }

    /// How much effort the model puts into its answer: `low`, `medium`, `high`, ...
    pub fn with_effort(mut self, effort: impl Into<String>) -> Self {
        self.parameters.set("effort", effort.into());
        self
    }

    /// Marks the end of each request for the service's cache, so that the next one that begins alike costs less. Marks of
    /// your own are `cache_control` in a block, in its `extras`, or in a tool. Default false.
    pub fn with_prompt_caching(mut self, cached: bool) -> Self {
        let mark = if cached { json!({ "type": "ephemeral" }) } else { Value::Null };
        self.parameters.set("cache_control", mark);
        self
    }

    /// Describes tools that the model may call, and calls none of them: what runs them is
    /// [`with_tools`](catena_core::ChatModelExt::with_tools) of the model. See
    /// [`bind_tools`](catena_core::ChatModelExt::bind_tools) for the forms they may have.
    #[doc(alias = "tools")]
    pub fn with_bound_tools<T: Into<Value>>(mut self, tools: impl IntoIterator<Item = T>) -> Self {
        let tools: Vec<Value> = tools.into_iter().map(Into::into).collect();
        self.parameters.set("tools", tools);
        self
    }

    /// Which tool the model calls: the name of one, `auto`, `none`, `required` or `any` for at least one. Not together with
    /// thinking.
    pub fn with_tool_choice(mut self, choice: impl Into<Value>) -> Self {
        self.parameters.set("tool_choice", choice);
        self
    }

    /// Whether the model may call several tools in one answer.
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.parameters.set("parallel_tool_calls", parallel);
        self
    }

    /// The form of answers: a JSON Schema, or OpenAI's object around one. Objects in it are closed, as the service demands.
    pub fn with_response_format(mut self, format: impl Into<Value>) -> Self {
        self.parameters.set("response_format", format);
        self
    }

    /// Which capacity serves the call: `auto` or `standard_only`.
    pub fn with_service_tier(mut self, tier: impl Into<String>) -> Self {
        self.parameters.set("service_tier", tier.into());
        self
    }

    /// Your stable, anonymous name for the end user, for the service's abuse detection.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.parameters.set("user", user.into());
        self
    }

    /// Names of what is not generally available yet, sent as `anthropic-beta`. Adds to what was set before.
    pub fn with_betas<T: Into<String>>(mut self, betas: impl IntoIterator<Item = T>) -> Self {
        self.betas.extend(betas.into_iter().map(Into::into));
        self
    }

    /// Sends instructions of the system where they stand, for models that take them in the middle of a conversation. Those
    /// at its beginning are always taken. Default false: instructions elsewhere are an error.
    pub fn with_system_turns(mut self, in_place: bool) -> Self {
        self.system_turns = in_place;
        self
    }

    /// Asks for a stream even where the answer is wanted at once, and puts the pieces together. For long answers, which
    /// connections may not survive in silence. Default false.
    pub fn with_streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// A member to add to every request as it is, in place of what a method of this builder sets. For what the service
    /// knows and this crate does not.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.extra.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config): no key, an unusable URL, key, proxy or number, or a key that
    /// would travel unencrypted. [`ErrorKind::InvalidInput`](catena_core::ErrorKind::InvalidInput) for a tool or response
    /// format that is none, [`ErrorKind::Unsupported`](catena_core::ErrorKind::Unsupported) for settings that contradict
    /// each other.
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

    /// What makes it again, if it can be written.
    fn constructor(&self) -> Option<Constructor> {
        let mut made = self.parameters.written(&self.model).filter(|_| !self.system_turns)?;
        if !self.betas.is_empty() {
            made = made.with("betas", self.betas.clone());
        }
        if self.streaming {
            made = made.with("streaming", true);
        }
        self.connection.written(made)
    }

    /// Takes in what was written, but for what has methods of its own.
    pub(crate) fn load_saved(mut self, kwargs: &mut Kwargs) -> Result<Self> {
        self.connection.load(kwargs)?;
        self.parameters.load(kwargs)?;
        Ok(self)
    }
}

connection_settings!(ChatAnthropicBuilder);
