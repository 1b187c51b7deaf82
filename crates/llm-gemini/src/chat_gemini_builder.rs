//! The builder of the chat model.

use catena_core::{Result, Stop};
use serde_json::Value;

use crate::chat_gemini::ChatGemini;
use crate::codec::chat_request::ChatOptions;
use crate::connection::{Connection, connection_settings};

/// The default model: Google keeps this alias pointed at the newest mid-size model, so it is not retired with a
/// version.
pub(crate) const DEFAULT_MODEL: &str = "gemini-flash-latest";

/// Builds a [`ChatGemini`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_gemini::ChatGemini;
/// let chat = ChatGemini::builder()
///     .with_model("gemini-2.5-flash")
///     .with_api_key("AIza-secret")
///     .with_temperature(0.2)
///     .with_max_tokens(256)
///     .with_thinking_budget(0)
///     .with_safety_setting("HARM_CATEGORY_HARASSMENT", "BLOCK_ONLY_HIGH")
///     .build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ChatGeminiBuilder {
    connection: Connection,
    options: ChatOptions,
}

/// Generation parameters. Unset parameters are left to the service.
impl ChatGeminiBuilder {
    /// Sets the model, with or without a `models/` or `tunedModels/` prefix. Default `gemini-flash-latest`.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.options.model = model.into();
        self
    }

    /// Sets the sampling temperature: 0 always picks the likeliest token, 2 is nearly random.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.options.parameters.set_number("temperature", temperature);
        self
    }

    /// Restricts sampling to the likeliest tokens whose probabilities add up to this value, from 0 to 1.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.options.parameters.set_number("top_p", top_p);
        self
    }

    /// Restricts sampling to this many of the likeliest tokens.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.options.parameters.set("top_k", top_k);
        self
    }

    /// Sets the maximum number of tokens to generate, thinking included.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.options.parameters.set("max_tokens", limit);
        self
    }

    /// Sets the stop sequences: texts at which generation ends, and which the answer does not include. Takes one or a
    /// list, and replaces those set before.
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.options.parameters.set("stop", stop.into().into_texts());
        self
    }

    /// Sets the seed, for answers that are reproducible as far as the service supports it.
    pub fn with_seed(mut self, seed: i64) -> Self {
        self.options.parameters.set("seed", seed);
        self
    }

    /// Penalizes tokens that have already occurred.
    pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
        self.options.parameters.set_number("presence_penalty", penalty);
        self
    }

    /// Penalizes tokens in proportion to how often they have occurred.
    pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
        self.options.parameters.set_number("frequency_penalty", penalty);
        self
    }

    /// Sets how many answers the service generates per prompt. [`generate_all`](ChatGemini::generate_all) returns all
    /// of them, other calls the first. More than one cannot be streamed.
    pub fn with_n(mut self, answers: u32) -> Self {
        self.options.parameters.set("n", answers);
        self
    }

    /// Sets the thinking budget in tokens: 0 for no thinking, -1 for no limit. For models before Gemini 3.
    pub fn with_thinking_budget(mut self, tokens: i32) -> Self {
        self.options.parameters.set("thinking_budget", tokens);
        self
    }

    /// Sets how much the model thinks: `low`, `high`, or another level that it supports. For Gemini 3 and later models.
    pub fn with_thinking_level(mut self, level: impl Into<String>) -> Self {
        self.options.parameters.set("thinking_level", level.into());
        self
    }

    /// Sets whether answers include a summary of the model's thoughts, in
    /// [`AiMessage::reasoning`](catena_core::AiMessage::reasoning).
    pub fn with_thoughts(mut self, included: bool) -> Self {
        self.options.parameters.set("include_thoughts", included);
        self
    }

    /// Sets the probability from which the service blocks a category of harmful content, by the service's names:
    /// `HARM_CATEGORY_HARASSMENT` and `BLOCK_NONE`. May be called once per category.
    pub fn with_safety_setting(mut self, category: impl Into<String>, threshold: impl Into<String>) -> Self {
        let settings = self
            .options
            .parameters
            .members
            .entry("safety_settings")
            .or_insert_with(|| Value::Object(Default::default()));
        settings[category.into()] = threshold.into().into();
        self
    }

    /// Sets the name of content that the service has cached for several calls, such as `cachedContents/1`.
    pub fn with_cached_content(mut self, name: impl Into<String>) -> Self {
        self.options.parameters.set("cached_content", name.into());
        self
    }

    /// Requests answers in JSON that conforms to this JSON Schema.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::ChatGemini;
    /// use serde_json::json;
    /// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    /// let chat = ChatGemini::builder().with_api_key("AIza-secret").with_response_schema(schema).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn with_response_schema(mut self, schema: impl Into<Value>) -> Self {
        let format = serde_json::json!({ "type": "json_schema", "json_schema": { "schema": schema.into() } });
        self.options.parameters.set("response_format", format);
        self
    }

    /// Sets whether schemas are sent in the older, more limited format, for models and servers that do not accept plain
    /// JSON Schemas. What that format cannot express is `Unsupported` when it is used. Default: only for Gemini 1.
    pub fn with_schema_subset(mut self, subset: bool) -> Self {
        self.options.schema_subset = Some(subset);
        self
    }

    /// Adds a member to the body of every request, unchanged; it overrides what other methods of this builder set. For
    /// parameters that this crate does not know. Members of `generationConfig` are merged.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.parameters.extra.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key, an invalid URL, key, proxy or number,
    /// or a key that would be sent unencrypted.
    pub fn build(self) -> Result<ChatGemini> {
        let mut options = self.options;
        options.parameters.check()?;
        if options.model.is_empty() {
            options.model = DEFAULT_MODEL.to_owned();
        }
        Ok(ChatGemini::from_parts(self.connection.connect()?, options))
    }
}

connection_settings!(ChatGeminiBuilder);
