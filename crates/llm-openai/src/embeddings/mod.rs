//! Embeddings of texts.

mod builder;
mod plan;

use std::fmt;
use std::sync::Arc;

use catena_core::{Context, Embeddings, Error, ErrorKind, Result, Usage, async_trait};
use futures_util::{StreamExt, TryStreamExt, stream};

pub use builder::OpenAiEmbeddingsBuilder;

use crate::client::Client;
use crate::codec::embeddings::{Embedded, Input, decode_embeddings, encode_embeddings};
use crate::openai_client::OpenAiClient;
use crate::parameters::Parameters;
use plan::Pieces;

/// An embedding model that speaks OpenAI's `POST /embeddings`, at OpenAI or any compatible server.
///
/// Texts are sent unchanged, in concurrent requests of at most
/// [`with_batch_size`](OpenAiEmbeddingsBuilder::with_batch_size) texts. With a
/// [tokenizer](OpenAiEmbeddingsBuilder::with_tokenizer) they are sent as token ids, and a text that is too long for the
/// model is split; its vector is the weighted, normalised mean of those of its parts.
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
/// use catena_llm_openai::OpenAiEmbeddings;
/// use catena_testkit::{Reply, Server};
/// use serde_json::json;
///
/// let server = Server::replay([Reply::json(200, json!({"data": [
///     {"index": 1, "embedding": "AAAAPgAAQD8AAADA"}, {"index": 0, "embedding": [0.5, -0.25, 1.0]}]}))]);
/// let embeddings = OpenAiEmbeddings::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// let vectors = embeddings.embed_documents(&["first".into(), "second".into()]).await?;
/// assert_eq!(vectors, [[0.5, -0.25, 1.0], [0.125, 0.75, -2.0]]);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "OpenAIEmbeddings")]
pub struct OpenAiEmbeddings {
    client: Client,
    settings: Settings,
}

/// The settings of requests.
#[derive(Clone)]
pub(crate) struct Settings {
    model: String,
    parameters: Parameters,
    chunk_size: usize,
    concurrency: usize,
    tokenizer: Option<Tokenizer>,
    context_length: usize,
    skip_empty: bool,
}

type Tokenizer = Arc<dyn Fn(&str) -> Vec<u32> + Send + Sync>;

/// The input of one embedding request.
///
/// # Example
/// ```
/// use catena_llm_openai::EmbeddingInput;
/// let input: EmbeddingInput = vec!["one".to_owned(), "two".to_owned()].into();
/// assert!(matches!(input, EmbeddingInput::Texts(texts) if texts.len() == 2));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EmbeddingInput {
    /// One text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Several texts, as token ids.
    Tokens(Vec<Vec<u32>>),
}

impl From<&str> for EmbeddingInput {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<String>> for EmbeddingInput {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<Vec<Vec<u32>>> for EmbeddingInput {
    fn from(tokens: Vec<Vec<u32>>) -> Self {
        Self::Tokens(tokens)
    }
}

/// The response to one embedding request.
///
/// # Example
/// See [`OpenAiEmbeddings::embed`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EmbeddingAnswer {
    /// One vector per input, in the order of the inputs.
    pub vectors: Vec<Vec<f32>>,
    /// The model that answered.
    pub model: Option<String>,
    /// The token usage of the request.
    pub usage: Option<Usage>,
}

impl OpenAiEmbeddings {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAiEmbeddings;
    /// let embeddings = OpenAiEmbeddings::builder().with_api_key("sk-...").with_dimensions(256).build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> OpenAiEmbeddingsBuilder {
        OpenAiEmbeddingsBuilder::default()
    }

    /// Creates a model of this name, with the key and all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`OpenAiEmbeddingsBuilder::build`].
    ///
    /// # Example
    /// ```no_run
    /// use catena_llm_openai::OpenAiEmbeddings;
    /// let embeddings = OpenAiEmbeddings::new("text-embedding-3-large")?;
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
    pub fn client(&self) -> OpenAiClient {
        OpenAiClient::from_parts(self.client.clone())
    }

    /// Makes one request with the input unchanged, and returns the service's metadata with the vectors.
    ///
    /// # Errors
    /// Those of the service; `InvalidResponse` if the response does not have exactly one vector per input.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAiEmbeddings;
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([Reply::json(200, json!({"data": [{"embedding": [1.0]}], "usage": {"prompt_tokens": 4}}))]);
    /// # let embeddings = OpenAiEmbeddings::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let answer = embeddings.embed("hello").await?;
    /// assert_eq!(answer.usage.map(|usage| usage.input_tokens), Some(4));
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn embed(&self, input: impl Into<EmbeddingInput>) -> Result<EmbeddingAnswer> {
        self.embed_in(input, &Context::default()).await
    }

    /// Runs [`embed`](Self::embed) as a step of a run: with its limits, retries and deadline, and with the usage
    /// reported to its observers.
    ///
    /// # Errors
    /// As for [`embed`](Self::embed), and those of the run's [`Admission`](catena_core::Admission).
    pub async fn embed_in(&self, input: impl Into<EmbeddingInput>, cx: &Context) -> Result<EmbeddingAnswer> {
        let input = input.into();
        let input = match &input {
            EmbeddingInput::Text(text) => Input::Text(text),
            EmbeddingInput::Texts(texts) => Input::Texts(texts),
            EmbeddingInput::Tokens(tokens) => Input::Tokens(tokens),
        };
        let Embedded { vectors, model, usage } = self.request(input, cx).await?;
        Ok(EmbeddingAnswer { vectors, model, usage })
    }

    async fn request(&self, input: Input<'_>, cx: &Context) -> Result<Embedded> {
        let demand = || input.demand(self.model());
        cx.admitted(demand, async |cx| {
            let Settings { model, parameters, .. } = &self.settings;
            let body = encode_embeddings(model, parameters, &input)?;
            let call = self.client.post("embeddings", model, body)?.with_demand(self.client.asks(demand));
            let answer = self.client.call(call, &cx).await?;
            let embedded = decode_embeddings(&answer.body, input.len(), &answer.origin)?;
            if let Some(usage) = embedded.usage {
                cx.report_usage(embedded.model.as_deref().unwrap_or(model), usage);
            }
            Ok(embedded)
        })
        .await
    }

    /// Makes several requests concurrently, and returns all their vectors in order.
    async fn requests<'a>(
        &self,
        inputs: impl Iterator<Item = Input<'a>> + Send,
        cx: &Context,
    ) -> Result<Vec<Vec<f32>>> {
        let requests: Vec<_> = inputs.map(|input| self.request(input, cx)).collect();
        let answers = stream::iter(requests).buffered(self.settings.concurrency.max(1));
        let vectors: Vec<Vec<f32>> = answers
            .try_fold(Vec::new(), |mut vectors, answer| async move {
                vectors.extend(answer.vectors);
                Ok(vectors)
            })
            .await?;
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.iter().any(|vector| vector.len() != length) {
            let message = "the vectors of several answers are of different lengths";
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        Ok(vectors)
    }

    async fn embed_texts(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let chunk_size = self.settings.chunk_size.max(1);
        if !self.settings.skip_empty || texts.iter().all(|text| !text.is_empty()) {
            return self.requests(texts.chunks(chunk_size).map(Input::Texts), cx).await;
        }
        let present: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        let inputs = present.chunks(chunk_size).map(|texts| Input::Some(texts.to_vec()));
        let vectors = self.requests(inputs, cx).await?;
        let empty = vec![0.0; vectors.first().map_or_else(|| self.settings.dimensions(), Vec::len)];
        let mut vectors = vectors.into_iter();
        let place = |text: &String| {
            let present = if text.is_empty() { None } else { vectors.next() };
            present.unwrap_or_else(|| empty.clone())
        };
        Ok(texts.iter().map(place).collect())
    }

    async fn embed_tokens(
        &self,
        texts: &[String],
        tokenizer: &Tokenizer,
        cx: &Context,
    ) -> Result<Vec<Vec<f32>>> {
        let mut pieces = Pieces::default();
        for text in texts {
            pieces.add(tokenizer(text), self.settings.context_length);
        }
        let requests = pieces.requests(self.settings.chunk_size);
        let inputs = requests.into_iter().map(|range| Input::Tokens(&pieces.tokens[range]));
        let vectors = self.requests(inputs, cx).await?;
        let empty = match (pieces.counts.contains(&0), self.settings.skip_empty) {
            (false, _) => Vec::new(),
            (true, true) => vec![0.0; vectors.first().map_or_else(|| self.settings.dimensions(), Vec::len)],
            (true, false) => {
                self.request(Input::Text(""), cx).await?.vectors.into_iter().next().unwrap_or_default()
            }
        };
        Ok(pieces.join(vectors, &empty))
    }
}

#[async_trait]
impl Embeddings for OpenAiEmbeddings {
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        self.embed_documents_in(texts, &Context::default()).await
    }

    async fn embed_documents_in(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        // Line breaks degrade the vectors of the first-generation models.
        if self.settings.model.ends_with("001") {
            let texts: Vec<String> = texts.iter().map(|text| text.replace('\n', " ")).collect();
            return self.embed_lines(&texts, cx).await;
        }
        self.embed_lines(texts, cx).await
    }

    async fn embed_query_in(&self, text: &str, cx: &Context) -> Result<Vec<f32>> {
        let vectors = self.embed_documents_in(&[text.to_owned()], cx).await?;
        // A response without a vector was rejected when it was decoded.
        Ok(vectors.into_iter().next().unwrap_or_default())
    }
}

impl OpenAiEmbeddings {
    async fn embed_lines(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        match &self.settings.tokenizer {
            Some(tokenizer) => self.embed_tokens(texts, tokenizer, cx).await,
            None => self.embed_texts(texts, cx).await,
        }
    }
}

impl Settings {
    /// The requested length of vectors; 0 if none was requested.
    fn dimensions(&self) -> usize {
        let dimensions = self.parameters.members.get("dimensions").and_then(serde_json::Value::as_u64);
        dimensions.and_then(|dimensions| usize::try_from(dimensions).ok()).unwrap_or(0)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("model", &self.model)
            .field("parameters", &self.parameters)
            .field("chunk_size", &self.chunk_size)
            .field("concurrency", &self.concurrency)
            .field("has_tokenizer", &self.tokenizer.is_some())
            .field("context_length", &self.context_length)
            .field("skip_empty", &self.skip_empty)
            .finish()
    }
}
