//! The builder of the text completion model.

use catena_core::Result;
use serde_json::json;

use crate::codec::completions::CompletionOptions;
use crate::connection::{Connection, connection_settings};
use crate::openai::OpenAi;
use crate::parameters::{Parameters, shared_parameters};
use crate::saved::{text_constructor, with_disabled};

/// Builds an [`OpenAi`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_openai::OpenAi;
/// let builder = OpenAi::builder()
///     .with_api_key("sk-secret")
///     .with_temperature(0.9)
///     .with_max_tokens(64)
///     .with_stop(["\n"])
///     .with_best_of(2);
/// assert!(!format!("{builder:?}").contains("sk-secret"));
/// let llm = builder.build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OpenAiBuilder {
    connection: Connection,
    model: String,
    parameters: Parameters,
    batch_size: usize,
    stream_usage: Option<bool>,
    streaming: bool,
    disabled: Vec<String>,
}

impl Default for OpenAiBuilder {
    fn default() -> Self {
        Self {
            connection: Connection::default(),
            model: String::new(),
            parameters: Parameters::default(),
            batch_size: 20,
            stream_usage: None,
            streaming: false,
            disabled: Vec::new(),
        }
    }
}

/// The temperature is 0.7, at most 256 tokens are generated, `top_p` and `n` are 1 and the penalties are 0, unless set
/// otherwise or [disabled](OpenAiBuilder::with_disabled_params).
impl OpenAiBuilder {
    /// Sets the model. Default `gpt-3.5-turbo-instruct`; on Azure, the deployment's model.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the maximum number of tokens to generate. Default 256; the service's own default is 16. To use whatever the
    /// prompt leaves of the context window, bind a `max_tokens` of -1 to a call; this works for OpenAI's own models.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.parameters.set("max_tokens", limit);
        self
    }

    /// Sets how many completions the service generates to pick the best `n` from. More than one cannot be streamed.
    pub fn with_best_of(mut self, answers: u32) -> Self {
        self.parameters.set("best_of", answers);
        self
    }

    /// Requests log probabilities of the tokens, with this many alternatives per token, from 0 to 5.
    pub fn with_logprobs(mut self, alternatives: u32) -> Self {
        self.parameters.set("logprobs", alternatives);
        self
    }

    /// Sets the text that follows the completion (fill in the middle).
    pub fn with_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.parameters.set("suffix", suffix.into());
        self
    }

    /// Sets whether completions start with their prompt.
    pub fn with_echo(mut self, echo: bool) -> Self {
        self.parameters.set("echo", echo);
        self
    }

    /// Sets whether streams end with token counts, which are reported to observers and budgets. Default: only for
    /// OpenAI, because some servers reject the option. Not saved with the model, because LangChain's has no such
    /// setting.
    pub fn with_stream_usage(mut self, wanted: bool) -> Self {
        self.stream_usage = Some(wanted);
        self
    }

    /// Sets how many prompts [`OpenAi::generate_all`] sends in one request. Default 20; 0 counts as 1.
    pub fn with_batch_size(mut self, prompts: usize) -> Self {
        self.batch_size = prompts.max(1);
        self
    }

    /// Names parameters that are sent only if the application sets them, never as a default: `temperature`, `max_tokens`,
    /// `top_p`, `frequency_penalty`, `presence_penalty`, `n`, `stream_options`. For servers that reject a default value,
    /// such as Text Generation Inference, which rejects a `top_p` of 1.
    ///
    /// # Example
    /// ```
    /// use catena_core::RunnableExt;
    /// use catena_llm_openai::OpenAi;
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::json(200, serde_json::json!({"choices": [{"text": "BrushWise"}]}))]);
    /// let llm = OpenAi::builder()
    ///     .with_base_url(server.url()) // http://localhost:8080/v1
    ///     .without_api_key()
    ///     .with_disabled_params(["top_p"])
    ///     .build()?;
    /// # futures_executor::block_on(async {
    /// llm.invoke("Name a maker of toothpaste.").await?;
    /// assert_eq!(server.requests()[0].json().get("top_p"), None);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn with_disabled_params<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.disabled = names.into_iter().map(Into::into).collect();
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key (for OpenAI), an invalid URL, key, proxy
    /// or number, or a key that would be sent unencrypted.
    pub fn build(mut self) -> Result<OpenAi> {
        if self.model.is_empty() && !self.connection.is_azure() {
            self.model = "gpt-3.5-turbo-instruct".to_owned();
        }
        self.fill_in();
        let mut constructor =
            text_constructor(&self.model, &self.parameters).with("batch_size", self.batch_size);
        if self.streaming {
            constructor = constructor.with("streaming", true);
        }
        let counts_wanted = !self.is_disabled("stream_options");
        let constructor = self.connection.save_to(with_disabled(constructor, &self.disabled));
        let mut options = CompletionOptions {
            model: self.model,
            parameters: self.parameters,
            stream_usage: false,
            streaming: self.streaming,
        };
        options.finish()?;
        let client = self.connection.connect()?;
        options.stream_usage = self.stream_usage.unwrap_or(counts_wanted && client.is_openai());
        Ok(OpenAi::from_parts(client, options, self.batch_size, constructor))
    }

    /// Sets the default of every parameter that is neither set nor disabled.
    fn fill_in(&mut self) {
        let defaults = [
            ("temperature", json!(0.7)),
            ("max_tokens", json!(256)),
            ("top_p", json!(1)),
            ("frequency_penalty", json!(0)),
            ("presence_penalty", json!(0)),
            ("n", json!(1)),
        ];
        for (name, default) in defaults {
            if !self.is_disabled(name) {
                self.parameters.members.entry(name).or_insert(default);
            }
        }
    }

    fn is_disabled(&self, parameter: &str) -> bool {
        self.disabled.iter().any(|name| name == parameter)
    }
}

connection_settings!(OpenAiBuilder);
shared_parameters!(OpenAiBuilder);
