//! Texts as vectors.

mod builder;

use catena_core::{Context, Demand, Embeddings, Error, ErrorKind, Result, async_trait};
use catena_http::service::Answer;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

pub use builder::GeminiEmbeddingsBuilder;

use crate::client::Client;
use crate::codec::embeddings::{EmbeddingOptions, decode_batch, decode_one, encode_batch, encode_one};
use crate::gemini_client::GeminiClient;

/// An embedding model behind Google's `POST /models/{model}:batchEmbedContents` and `:embedContent`.
///
/// Documents are sent in requests of at most 100, some at a time. The service is told whether a text is searched or is
/// searched for; see [`with_task_type`](GeminiEmbeddingsBuilder::with_task_type).
///
/// A clone is cheap and shares connections. It works on every executor and in blocking code.
///
/// # Errors
/// Errors of the service have the kind that its status stands for, say whether and when to try again, and carry what the
/// service said as [`ServiceError`](catena_core::ServiceError). An answer that has not one vector for each text is
/// `InvalidResponse`. If one request fails the others are given up. No error shows the key.
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

/// What is asked for, and how.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    model: String,
    document_task: Option<String>,
    query_task: Option<String>,
    /// Of the request of every text.
    members: Map<String, Value>,
    batch_size: usize,
    concurrency: usize,
}

impl GeminiEmbeddings {
    /// A builder with nothing set.
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

    /// This model, with the key and everything else from the environment.
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

    /// The name of the model.
    pub fn model(&self) -> &str {
        &self.settings.model
    }

    /// A client for the other endpoints of the same service, over the same connections.
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
