//! The builder of the embedding model.

use catena_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::{GeminiEmbeddings, Settings};
use crate::connection::{Connection, connection_settings};

/// The maximum number of texts per request that the service accepts.
const MAX_BATCH: usize = 100;

/// Builds a [`GeminiEmbeddings`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_gemini::GeminiEmbeddings;
/// let embeddings = GeminiEmbeddings::builder()
///     .with_api_key("AIza-secret")
///     .with_dimensions(768)
///     .with_task_type("SEMANTIC_SIMILARITY")
///     .build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct GeminiEmbeddingsBuilder {
    connection: Connection,
    settings: Settings,
}

impl Default for GeminiEmbeddingsBuilder {
    fn default() -> Self {
        let settings = Settings {
            model: "gemini-embedding-001".to_owned(),
            document_task: Some("RETRIEVAL_DOCUMENT".to_owned()),
            query_task: Some("RETRIEVAL_QUERY".to_owned()),
            members: Default::default(),
            batch_size: MAX_BATCH,
            concurrency: 4,
        };
        Self { connection: Connection::default(), settings }
    }
}

impl GeminiEmbeddingsBuilder {
    /// Sets the model. Default `gemini-embedding-001`.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.settings.model = model.into();
        self
    }

    /// Sets the length of the vectors, for models that can shorten them. Default: the model's own. Shortened vectors
    /// are not normalised; normalise them if your similarity measure requires it.
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.settings.members.insert("outputDimensionality".to_owned(), dimensions.into());
        self
    }

    /// Sets the purpose of the vectors of documents and queries, by the service's names: `SEMANTIC_SIMILARITY`,
    /// `CLASSIFICATION` and so on. Default: `RETRIEVAL_DOCUMENT` and `RETRIEVAL_QUERY`.
    pub fn with_task_type(mut self, task: impl Into<String>) -> Self {
        let task = task.into();
        self.settings.document_task = Some(task.clone());
        self.settings.query_task = Some(task);
        self
    }

    /// Does not send a purpose, for models that expect it in the text.
    pub fn without_task_type(mut self) -> Self {
        (self.settings.document_task, self.settings.query_task) = (None, None);
        self
    }

    /// Sets the maximum number of texts per request. Default 100, which is the service's maximum.
    #[doc(alias = "chunk_size")]
    pub fn with_batch_size(mut self, texts: usize) -> Self {
        self.settings.batch_size = texts;
        self
    }

    /// Sets the maximum number of requests in flight per call. Default 4.
    pub fn with_max_concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// Adds a member to the request of every text, unchanged.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.members.insert(name.into(), value.into());
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key, an invalid URL, key or proxy, a key
    /// that would be sent unencrypted, a batch size of 0, or a member that this crate sets itself.
    pub fn build(self) -> Result<GeminiEmbeddings> {
        let config = |message: String| Err(Error::new(ErrorKind::Config, message));
        if self.settings.batch_size == 0 || self.settings.concurrency == 0 {
            return config("`with_batch_size` and `with_max_concurrency` must be at least 1".to_owned());
        }
        if let Some(name) =
            ["model", "content", "taskType"].iter().find(|name| self.settings.members.contains_key(**name))
        {
            return config(format!("`{name}` cannot be an extra field: use the setting for it"));
        }
        Ok(GeminiEmbeddings::from_parts(self.connection.connect()?, self.settings))
    }
}

connection_settings!(GeminiEmbeddingsBuilder);
