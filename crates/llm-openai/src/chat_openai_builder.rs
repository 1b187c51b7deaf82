//! The builder of the chat model.

use catena_core::Result;

use crate::chat_openai::ChatOpenAi;
use crate::codec::chat_request::ChatOptions;
use crate::connection::{Connection, connection_settings};
use crate::sampling::sampling_settings;

/// Builds a [`ChatOpenAi`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
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
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ChatOpenAiBuilder {
    connection: Connection,
    options: ChatOptions,
    max_tokens: Option<u32>,
    legacy_max_tokens: bool,
    stream_usage: Option<bool>,
}

impl Default for ChatOpenAiBuilder {
    fn default() -> Self {
        Self {
            connection: Connection::default(),
            options: ChatOptions::default(),
            max_tokens: None,
            legacy_max_tokens: false,
            stream_usage: None,
        }
    }
}

impl ChatOpenAiBuilder {
    /// The model. Default `gpt-4o-mini`; on Azure, that of the deployment.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.options.model = model.into();
        self
    }

    /// The most tokens to generate, thinking included. Sent as `max_completion_tokens`.
    pub fn with_max_tokens(mut self, limit: u32) -> Self {
        self.max_tokens = Some(limit);
        self
    }

    /// Sends the token limit as `max_tokens`, for servers that do not know the newer name. Default false.
    pub fn with_legacy_max_tokens(mut self, legacy: bool) -> Self {
        self.legacy_max_tokens = legacy;
        self
    }

    /// Whether streams end with token counts. Default: only at OpenAI and Azure, because some servers refuse the wish.
    pub fn with_stream_usage(mut self, wanted: bool) -> Self {
        self.stream_usage = Some(wanted);
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config): no key for OpenAI, an unusable URL, key, proxy or number, or
    /// a key that would travel unencrypted.
    pub fn build(self) -> Result<ChatOpenAi> {
        let mut options = self.options;
        options.sampling.check(&options.extra_body)?;
        if options.model.is_empty() && !self.connection.is_azure() {
            options.model = "gpt-4o-mini".to_owned();
        }
        let client = self.connection.connect()?;
        if self.legacy_max_tokens {
            options.max_tokens = self.max_tokens;
        } else {
            options.max_completion_tokens = self.max_tokens;
        }
        options.stream_usage = self.stream_usage.unwrap_or(client.is_openai() || client.is_azure());
        Ok(ChatOpenAi::from_parts(client, options))
    }
}

connection_settings!(ChatOpenAiBuilder);
sampling_settings!(ChatOpenAiBuilder);
