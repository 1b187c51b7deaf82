//! The embedding model.

use catena_core::{Context, Demand, Embeddings, Error, ErrorKind, Result, async_trait};
use catena_http::service::ConnectionSettings;

use crate::chat_ollama_builder::named;
use crate::client::Client;
use crate::codec::embed::decode_vectors;
use crate::codec::request::{Body, encode};
use crate::connection::{connect, connection_settings};
use crate::parameters::{Parameters, shared_settings};

/// The default number of texts per request.
const BATCH_SIZE: usize = 256;

/// An embedding model that speaks Ollama's `POST /api/embed`. Vectors are normalised to length 1.
///
/// Cloning is cheap, and clones share connections. Lists are sent in batches, one after the other, because the service
/// processes the texts of a batch concurrently.
///
/// # Errors
/// As for [`ChatOllama`](crate::ChatOllama). If one batch fails, there are no vectors.
///
/// # Cancellation
/// Dropping the future closes the connection.
///
/// # Example
/// ```
/// use catena_core::Embeddings;
/// use catena_llm_ollama::OllamaEmbeddings;
/// # use catena_testkit::{Reply, Server};
/// # let server = Server::replay([Reply::json(200, serde_json::json!({"embeddings": [[0.6, 0.8]]}))]);
/// # let url = server.url();
/// let model = OllamaEmbeddings::builder().with_model("nomic-embed-text").with_base_url(url).build()?;
/// # futures_executor::block_on(async {
/// assert_eq!(model.embed_query("socks").await?, [0.6, 0.8]);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct OllamaEmbeddings {
    client: Client,
    model: String,
    parameters: Parameters,
    batch_size: usize,
}

impl OllamaEmbeddings {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::OllamaEmbeddings;
    /// let model = OllamaEmbeddings::builder().with_model("nomic-embed-text").with_dimensions(256).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> OllamaEmbeddingsBuilder {
        OllamaEmbeddingsBuilder::default()
    }

    /// Creates a model of this name, with all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`OllamaEmbeddingsBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_ollama::OllamaEmbeddings;
    /// let model = OllamaEmbeddings::new("nomic-embed-text")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    /// Returns the name of the model.
    ///
    /// # Example
    /// ```
    /// use catena_llm_ollama::OllamaEmbeddings;
    /// assert_eq!(OllamaEmbeddings::builder().with_model("all-minilm").build()?.model(), "all-minilm");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn model(&self) -> &str {
        &self.model
    }

    async fn embed(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let (model, parameters) = (self.model.as_str(), &self.parameters);
        let demand = || Demand::of_embedding(model, texts);
        cx.admitted(demand, async |cx| {
            let body = encode(&Body { input: ("input", texts), model, parameters, stream: None })?;
            let call = self.client.post("api/embed", body, None)?.with_demand(self.client.asks(demand));
            let answer = self.client.call(call, &cx).await?;
            decode_vectors(&answer.body, texts.len(), &answer.origin)
        })
        .await
    }
}

#[async_trait]
impl Embeddings for OllamaEmbeddings {
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.embed_documents_in(texts, &Context::default()).await
    }

    async fn embed_documents_in(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let mut vectors: Vec<Vec<f32>> = Vec::with_capacity(texts.len());
        for batch in texts.chunks(self.batch_size) {
            let mut more = self.embed(batch, cx).await?;
            if vectors.first().zip(more.first()).is_some_and(|(first, next)| first.len() != next.len()) {
                let message = "the vectors of two batches have different lengths: was the model replaced?";
                return Err(Error::new(ErrorKind::InvalidResponse, message));
            }
            vectors.append(&mut more);
        }
        Ok(vectors)
    }

    async fn embed_query_in(&self, text: &str, cx: &Context) -> Result<Vec<f32>> {
        let vectors = self.embed_documents_in(&[text.to_owned()], cx).await?;
        // A response without a vector was rejected when it was decoded.
        Ok(vectors.into_iter().next().unwrap_or_default())
    }
}

/// Builds an [`OllamaEmbeddings`]. `Debug` hides the key. Problems with a setting are reported by
/// [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_ollama::OllamaEmbeddings;
/// let model = OllamaEmbeddings::builder().with_model("nomic-embed-text").with_batch_size(32).build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OllamaEmbeddingsBuilder {
    connection: ConnectionSettings,
    model: String,
    parameters: Parameters,
    batch_size: Option<usize>,
}

impl OllamaEmbeddingsBuilder {
    /// Sets the model, by its name in `ollama list`. Required.
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the length of the vectors, for models that can shorten them.
    pub fn with_dimensions(mut self, numbers: u32) -> Self {
        self.parameters.set_member("dimensions", numbers);
        self
    }

    /// Sets whether texts that are too long are truncated at the end; otherwise they are an error. Default true.
    pub fn with_truncate(mut self, truncate: bool) -> Self {
        self.parameters.set_member("truncate", truncate);
        self
    }

    /// Sets the maximum number of texts per request. Default 256.
    #[doc(alias = "chunk_size")]
    pub fn with_batch_size(mut self, texts: usize) -> Self {
        self.batch_size = Some(texts);
        self
    }

    /// Sets the size of the context window in tokens.
    pub fn with_num_ctx(mut self, tokens: u32) -> Self {
        self.parameters.set_option("num_ctx", tokens);
        self
    }

    /// Builds the model. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a missing model, a batch size of 0, an invalid URL, key or proxy, or a key that would
    /// be sent unencrypted.
    pub fn build(self) -> Result<OllamaEmbeddings> {
        let batch_size = self.batch_size.unwrap_or(BATCH_SIZE);
        if batch_size == 0 {
            return Err(Error::new(ErrorKind::Config, "the batch size must be at least 1"));
        }
        let model = named(self.model)?;
        self.parameters.check()?;
        let client = connect(self.connection)?;
        Ok(OllamaEmbeddings { client, model, parameters: self.parameters, batch_size })
    }
}

connection_settings!(OllamaEmbeddingsBuilder);
shared_settings!(OllamaEmbeddingsBuilder);
