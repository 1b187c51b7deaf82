//! The builder of the embedding model.

use std::sync::Arc;

use catena_core::Result;
use serde_json::Value;

use super::{OpenAiEmbeddings, Settings};
use crate::connection::{Connection, connection_settings};
use crate::parameters::Parameters;

/// Builds an [`OpenAiEmbeddings`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_openai::OpenAiEmbeddings;
/// // A server on this machine that takes few texts at a time, and needs no key.
/// let embeddings = OpenAiEmbeddings::builder()
///     .with_base_url("http://localhost:11434/v1")
///     .without_api_key()
///     .with_model("nomic-embed-text")
///     .with_batch_size(16)
///     .build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OpenAiEmbeddingsBuilder {
    connection: Connection,
    settings: Settings,
    checks_length: bool,
}

impl Default for OpenAiEmbeddingsBuilder {
    fn default() -> Self {
        let mut parameters = Parameters::default();
        parameters.set("encoding_format", "base64");
        let settings = Settings {
            model: String::new(),
            parameters,
            chunk_size: 1000,
            concurrency: 4,
            tokenizer: None,
            context_length: 8191,
            skip_empty: false,
        };
        Self { connection: Connection::default(), settings, checks_length: true }
    }
}

impl OpenAiEmbeddingsBuilder {
    /// Sets the model. Default `text-embedding-ada-002`; on Azure, the deployment's model.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.settings.model = model.into();
        self
    }

    /// Sets the length of the vectors, for models that can shorten them. Default: the model's own.
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.settings.parameters.set("dimensions", dimensions);
        self
    }

    /// Sets how the service encodes vectors: `base64`, which is the default and a third of the size, or `float`.
    /// Responses are decoded in either form, whichever was requested.
    pub fn with_encoding_format(mut self, format: impl Into<String>) -> Self {
        self.settings.parameters.set("encoding_format", format.into());
        self
    }

    /// Sets the maximum number of texts per request. Default 1000; OpenAI allows 2048.
    #[doc(alias = "chunk_size")]
    pub fn with_batch_size(mut self, texts: usize) -> Self {
        self.settings.chunk_size = texts;
        self
    }

    /// Sets the maximum number of requests in flight per call. Default 4.
    pub fn with_max_concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// Sets the tokenizer, which must match the model's: `cl100k_base` for OpenAI's. Texts are then sent as token ids,
    /// and those that are too long are split. Servers other than OpenAI's may not accept token ids.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAiEmbeddings;
    /// let bytes = |text: &str| text.bytes().map(u32::from).collect();
    /// let embeddings = OpenAiEmbeddings::builder().with_api_key("sk-...").with_tokenizer(bytes).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn with_tokenizer(mut self, tokenizer: impl Fn(&str) -> Vec<u32> + Send + Sync + 'static) -> Self {
        self.settings.tokenizer = Some(Arc::new(tokenizer));
        self
    }

    /// Sets whether texts that are too long are split, if there is a tokenizer. Default true. If false, texts are sent
    /// unchanged.
    pub fn with_check_embedding_ctx_length(mut self, check: bool) -> Self {
        self.checks_length = check;
        self
    }

    /// Sets the model's context length in tokens. Default 8191.
    pub fn with_embedding_ctx_length(mut self, tokens: usize) -> Self {
        self.settings.context_length = tokens;
        self
    }

    /// Returns a zero vector for empty texts instead of sending them. Default false. Most models reject empty texts.
    pub fn with_skip_empty(mut self, skip: bool) -> Self {
        self.settings.skip_empty = skip;
        self
    }

    /// Sets your identifier of the end user, for the service's abuse detection.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.settings.parameters.set("user", user.into());
        self
    }

    /// Adds a member to the body of every request, unchanged; it overrides what other methods of this builder set.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.parameters.extra.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key (for OpenAI), an invalid URL, key or
    /// proxy, or a key that would be sent unencrypted.
    pub fn build(self) -> Result<OpenAiEmbeddings> {
        let mut settings = self.settings;
        if settings.model.is_empty() && !self.connection.is_azure() {
            settings.model = "text-embedding-ada-002".to_owned();
        }
        if !self.checks_length {
            settings.tokenizer = None;
        }
        Ok(OpenAiEmbeddings::from_parts(self.connection.connect()?, settings))
    }
}

connection_settings!(OpenAiEmbeddingsBuilder);
