//! Embeddings of texts.

mod builder;

use catena_core::{Context, Demand, Embeddings, Error, ErrorKind, Result, async_trait};
use catena_http::service::Answer;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

pub use builder::GeminiEmbeddingsBuilder;

use crate::client::Client;
use crate::codec::embeddings::{EmbeddingOptions, decode_batch, decode_one, encode_batch, encode_one};
use crate::gemini_client::GeminiClient;

/// An embedding model that speaks Google's `POST /models/{model}:batchEmbedContents` and `:embedContent`.
///
/// Documents are sent in concurrent requests of at most 100. The service is told whether a text is a document or a
/// query; see [`with_task_type`](GeminiEmbeddingsBuilder::with_task_type).
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code.
///
/// # Errors
/// Errors of the service have a kind derived from the status, say whether and when to retry, and carry the service's
/// details as [`ServiceError`](catena_core::ServiceError). A response without exactly one vector per text is
/// `InvalidResponse`. If one request fails, the others are cancelled. No error shows the key.
///
/// # Cancellation
/// Dropping a call closes its connections.
///
/// # Example
/// ```
/// use catena_core::Embeddings;
/// use catena_llm_gemini::GeminiEmbeddings;
/// use catena_testkit::{Reply, Server};
/// use serde_json::json;
///
/// let server = Server::replay([Reply::json(200, json!({"embeddings": [{"values": [0.5, -0.25]}, {"values": [1.0, 0.0]}]}))]);
/// let embeddings = GeminiEmbeddings::builder().with_base_url(server.url()).with_api_key("AIza-secret").build()?;
/// # futures_executor::block_on(async {
/// let vectors = embeddings.embed_documents(&["first".into(), "second".into()]).await?;
/// assert_eq!(vectors, [[0.5, -0.25], [1.0, 0.0]]);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "GoogleGenerativeAIEmbeddings")]
pub struct GeminiEmbeddings {
    client: Client,
    settings: Settings,
}

/// The settings of requests.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    model: String,
    document_task: Option<String>,
    query_task: Option<String>,
    /// Members of the request of every text.
    members: Map<String, Value>,
    batch_size: usize,
    concurrency: usize,
}

impl GeminiEmbeddings {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::GeminiEmbeddings;
    /// let embeddings = GeminiEmbeddings::builder().with_api_key("AIza-secret").with_dimensions(256).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> GeminiEmbeddingsBuilder {
        GeminiEmbeddingsBuilder::default()
    }

    /// Creates a model of this name, with the key and all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`GeminiEmbeddingsBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_gemini::GeminiEmbeddings;
    /// let embeddings = GeminiEmbeddings::new("gemini-embedding-001")?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn new(model: impl Into<String>) -> Result<Self> {
        Self::builder().with_model(model).build()
    }

    pub(crate) fn from_parts(client: Client, settings: Settings) -> Self {
        Self { client, settings }
    }

    /// Returns the name of the model.
    pub fn model(&self) -> &str {
        &self.settings.model
    }

    /// Returns a client for the other endpoints of the same service, which shares the model's connections.
    pub fn client(&self) -> GeminiClient {
        GeminiClient::from_parts(self.client.clone())
    }

    fn options<'a>(&'a self, task: &'a Option<String>) -> EmbeddingOptions<'a> {
        let Settings { model, members, .. } = &self.settings;
        EmbeddingOptions { model, task: task.as_deref(), members }
    }

    async fn batch(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let body = encode_batch(self.options(&self.settings.document_task), texts)?;
        let answer = self.answer("batchEmbedContents", body, texts, cx).await?;
        decode_batch(&answer.body, texts.len(), &answer.origin)
    }

    async fn answer<T: AsRef<str> + Sync>(
        &self,
        method: &str,
        body: Vec<u8>,
        texts: &[T],
        cx: &Context,
    ) -> Result<Answer> {
        let demand = || Demand::of_embedding(self.model(), texts);
        cx.admitted(demand, async |cx| {
            let call = self.client.post(self.model(), method, body)?.with_demand(self.client.asks(demand));
            self.client.call(call, &cx).await
        })
        .await
    }
}

#[async_trait]
impl Embeddings for GeminiEmbeddings {
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.embed_documents_in(texts, &Context::default()).await
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        self.embed_query_in(text, &Context::default()).await
    }

    async fn embed_documents_in(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let batches = texts.chunks(self.settings.batch_size).map(|texts| self.batch(texts, cx));
        let batches: Vec<_> = batches.collect();
        let vectors = stream::iter(batches).buffered(self.settings.concurrency).try_concat().await?;
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.iter().any(|vector| vector.len() != length) {
            let message = "the responses contain vectors of different lengths";
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        Ok(vectors)
    }

    async fn embed_query_in(&self, text: &str, cx: &Context) -> Result<Vec<f32>> {
        let body = encode_one(self.options(&self.settings.query_task), text)?;
        let answer = self.answer("embedContent", body, &[text], cx).await?;
        decode_one(&answer.body, &answer.origin)
    }
}
