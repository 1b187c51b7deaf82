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
    /// The model. Default `text-embedding-ada-002`; on Azure, that of the deployment.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.settings.model = model.into();
        self
    }

    /// The length of the vectors, for models that can shorten them. Default: the model's.
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.settings.parameters.set("dimensions", dimensions);
        self
    }

    /// How the service sends vectors: `base64`, which is the default and a third of the size, or `float`. An answer is
    /// read in either form, whichever was asked for.
    pub fn with_encoding_format(mut self, format: impl Into<String>) -> Self {
        self.settings.parameters.set("encoding_format", format.into());
        self
    }

    /// The most texts of a request. Default 1000; OpenAI takes 2048.
    #[doc(alias = "chunk_size")]
    pub fn with_batch_size(mut self, texts: usize) -> Self {
        self.settings.chunk_size = texts;
        self
    }

    /// How many requests of one call are made at a time. Default 4.
    pub fn with_max_concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// What makes tokens of texts, as the model does: for OpenAI's, `cl100k_base`. Texts are then sent as tokens, and
    /// those that are too long in pieces. Servers other than OpenAI's may not take tokens.
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

    /// Whether texts are cut where they are too long, if there is a tokenizer. Default true. Where it is false, texts are
    /// sent as they are.
    pub fn with_check_embedding_ctx_length(mut self, check: bool) -> Self {
        self.checks_length = check;
        self
    }

    /// How many tokens the model takes. Default 8191.
    pub fn with_embedding_ctx_length(mut self, tokens: usize) -> Self {
        self.settings.context_length = tokens;
        self
    }

    /// Gives empty texts a vector of zeros instead of sending them. Default false: most models refuse empty texts.
    pub fn with_skip_empty(mut self, skip: bool) -> Self {
        self.settings.skip_empty = skip;
        self
    }

    /// Your name for the end user, for the service's abuse detection.
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.settings.parameters.set("user", user.into());
        self
    }

    /// A member to add to every request as it is, in place of what a method of this builder sets.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.parameters.extra.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config): no key for OpenAI, an unusable URL, key or proxy, or a key
    /// that would travel unencrypted.
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
