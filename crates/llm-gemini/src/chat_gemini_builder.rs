//! The builder of the chat model.

use catena_core::{Result, Stop};
use serde_json::Value;

use crate::chat_gemini::ChatGemini;
use crate::codec::chat_request::ChatOptions;
use crate::connection::{Connection, connection_settings};

/// What is asked where no model is named: Google keeps this name for the newest of the middle size, so that it is not
/// retired with a version.
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

/// What is asked for. What is not set is left to the service.
impl ChatGeminiBuilder {
    /// The model, with or without `models/` or `tunedModels/` before it. Default `gemini-flash-latest`.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.options.model = model.into();
        self
    }

    /// How bold the choice of words is: 0 always takes the likeliest token, 2 is nearly random.
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.options.parameters.set_number("temperature", temperature);
        self
    }

    /// Considers only the likeliest tokens that together have this probability, from 0 to 1.
    pub fn with_top_p(mut self, top_p: f64) -> Self {
        self.options.parameters.set_number("top_p", top_p);
        self
    }

    /// Considers only so many of the likeliest tokens.
    pub fn with_top_k(mut self, top_k: u32) -> Self {
        self.options.parameters.set("top_k", top_k);
        self
    }

    /// The most tokens to generate, thinking included.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.options.parameters.set("max_tokens", limit);
        self
    }

    /// Texts at which the answer ends, without them: one, or a list. Replaces what was set before.
    pub fn with_stop(mut self, stop: impl Into<Stop>) -> Self {
        self.options.parameters.set("stop", stop.into().into_texts());
        self
    }

    /// Asks for the same answer to the same request, as far as the service can.
    pub fn with_seed(mut self, seed: i64) -> Self {
        self.options.parameters.set("seed", seed);
        self
    }

    /// Makes tokens that occurred before less likely.
    pub fn with_presence_penalty(mut self, penalty: f64) -> Self {
        self.options.parameters.set_number("presence_penalty", penalty);
        self
    }

    /// Makes tokens less likely the more often they occurred.
    pub fn with_frequency_penalty(mut self, penalty: f64) -> Self {
        self.options.parameters.set_number("frequency_penalty", penalty);
        self
    }

    /// How many answers the service gives to one prompt; [`generate_all`](ChatGemini::generate_all) returns all of them,
    /// other calls the first. More than one cannot be streamed.
    pub fn with_n(mut self, answers: u32) -> Self {
        self.options.parameters.set("n", answers);
        self
    }

    /// How many tokens the model may think: 0 for none, -1 for as many as it likes. For models before Gemini 3.
    pub fn with_thinking_budget(mut self, tokens: i32) -> Self {
        self.options.parameters.set("thinking_budget", tokens);
        self
    }

    /// How much the model thinks: `low`, `high` and what else the model knows. For models since Gemini 3.
    pub fn with_thinking_level(mut self, level: impl Into<String>) -> Self {
        self.options.parameters.set("thinking_level", level.into());
        self
    }

    /// Whether answers come with a summary of the thoughts, which is in
    /// [`AiMessage::reasoning`](catena_core::AiMessage::reasoning).
    pub fn with_thoughts(mut self, included: bool) -> Self {
        self.options.parameters.set("include_thoughts", included);
        self
    }

    /// From which probability on the service withholds what is harmful in this way. May be called for several categories,
    /// by the service's words: `HARM_CATEGORY_HARASSMENT` and `BLOCK_NONE`.
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

    /// The name of content that the service keeps for several calls, such as `cachedContents/1`.
    pub fn with_cached_content(mut self, name: impl Into<String>) -> Self {
        self.options.parameters.set("cached_content", name.into());
        self
    }

    /// Answers are JSON that keeps to this JSON Schema.
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

    /// Whether schemas are sent in the older, smaller form, for models and servers that do not take JSON Schemas as they
    /// are. What that form cannot say is `Unsupported` when it is asked for. Default: only for Gemini 1.
    pub fn with_schema_subset(mut self, subset: bool) -> Self {
        self.options.schema_subset = Some(subset);
        self
    }

    /// A member to add to every request as it is, in place of what a method of this builder sets. For what the service
    /// knows and this crate does not; members of `generationConfig` are merged.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.parameters.extra.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config): no key, an unusable URL, key, proxy or number, or a key that
    /// would travel unencrypted.
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
