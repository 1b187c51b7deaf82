//! The service's other endpoints, besides its models.

use catena_core::{ChunkStream, Context, Result};
use catena_http::service::{Answer, Call, read_mended};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::batches::Batches;
use crate::client::Client;
use crate::codec::object::decode_object;
use crate::codec::raw_events::RawEvents;
use crate::connection::{Connection, connection_settings};
use crate::files::Files;
use crate::models::Models;

/// A client for the endpoints other than model calls: the [model list](Self::models), [files](Self::files),
/// [batches](Self::batches), and any other [path](Self::call) of the server.
///
/// Cloning is cheap, and clones share connections. Works with every executor and in blocking code. Failed calls are
/// retried like those of models.
///
/// # Errors
/// Errors of the service have a kind derived from the status, say whether and when to retry, and carry the service's
/// details as [`ServiceError`](catena_core::ServiceError). No error shows the key.
///
/// # Cancellation
/// Dropping a call closes its connection.
///
/// # Example
/// ```
/// use catena_llm_openai::OpenAiClient;
/// use catena_testkit::{Reply, Server};
/// use serde_json::json;
///
/// let server = Server::replay([Reply::json(200, json!({"object": "list", "data": [{"id": "gpt-4o"}]}))]);
/// let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// assert_eq!(client.models().list().await?.data[0].id, "gpt-4o");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "OpenAI")]
pub struct OpenAiClient {
    client: Client,
}

impl OpenAiClient {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::OpenAiClient;
    /// let client = OpenAiClient::builder().with_api_key("sk-...").build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> OpenAiClientBuilder {
        OpenAiClientBuilder::default()
    }

    /// Creates a client with the key and all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`OpenAiClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    pub(crate) fn from_parts(client: Client) -> Self {
        Self { client }
    }

    /// Returns the endpoints for the service's models.
    pub fn models(&self) -> Models {
        Models::new(self.clone())
    }

    /// Returns the endpoints for the service's files.
    pub fn files(&self) -> Files {
        Files::new(self.clone())
    }

    /// Returns the endpoints for batches: requests that the service processes asynchronously, at half the price.
    pub fn batches(&self) -> Batches {
        Batches::new(self.clone())
    }

    /// Makes any call, and returns the body of the response. On Azure, a call to a model, such as `chat/completions`,
    /// goes to the configured deployment, or else to the one named like the `model` in its body.
    ///
    /// # Errors
    /// Transport errors, and errors that the service reports with an unsuccessful status.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::{Call, OpenAiClient};
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::json(200, serde_json::json!({"deleted": true}))]);
    /// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let answer = client.call(Call::delete("responses/resp_1")).await?;
    /// assert_eq!(answer.body, r#"{"deleted":true}"#);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn call(&self, call: Call) -> Result<Answer> {
        self.call_in(call, &Context::default()).await
    }

    /// Runs [`call`](Self::call) as a step of a run: with the run's retries and deadline, and visible to its observers.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    ///
    /// # Example
    /// ```
    /// use catena_core::{lambda, Context, RetryBudget, RunConfig, RunnableExt};
    /// use catena_llm_openai::{Call, OpenAiClient};
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::start(|_| Reply::json(503, serde_json::json!({})));
    /// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// let delete = lambda(move |id: String, cx: Context| {
    ///     let client = client.clone();
    ///     async move { client.call_in(Call::delete(format!("responses/{id}")), &cx).await.map(|_| true) }
    /// });
    /// let once = RunConfig::new().with_retry_budget(RetryBudget::new(0));
    /// # futures_executor::block_on(async {
    /// assert!(delete.invoke_with("resp_1", &once).await.is_err());
    /// assert_eq!(server.requests().len(), 1);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn call_in(&self, call: Call, cx: &Context) -> Result<Answer> {
        self.client.call(self.client.placed(call)?, cx).await
    }

    /// Makes any call, and deserializes the response from JSON.
    ///
    /// # Errors
    /// As for [`call`](Self::call); `Decode` or `InvalidResponse` if the response is not what was expected.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::{Call, OpenAiClient};
    /// use serde_json::Value;
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::json(200, serde_json::json!({"status": "completed"}))]);
    /// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let response: Value = client.fetch(Call::get("responses/resp_1").with_query("include[]", "reasoning.encrypted_content")).await?;
    /// assert_eq!(response["status"], "completed");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        self.fetch_in(call, &Context::default()).await
    }

    /// Runs [`fetch`](Self::fetch) as a step of a run, like [`call_in`](Self::call_in).
    ///
    /// # Errors
    /// As for [`fetch`](Self::fetch).
    pub async fn fetch_in<T: DeserializeOwned>(&self, call: Call, cx: &Context) -> Result<T> {
        let Answer { body, origin, .. } = self.call_in(call, cx).await?;
        read_mended(&body, |body| decode_object(body, &origin))
    }

    /// Makes any call, and streams the events of the response. Nothing is sent until the stream is polled.
    ///
    /// # Errors
    /// As for [`call`](Self::call), and `Stream` for an error that the service reports in an event.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::{Call, OpenAiClient};
    /// use futures_util::TryStreamExt;
    /// # use catena_testkit::{Reply, Server};
    /// # let server = Server::replay([Reply::sse([r#"{"type": "response.created"}"#])]);
    /// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let call = Call::post("responses").with_json(r#"{"model": "gpt-5", "input": "Hi", "stream": true}"#);
    /// let events: Vec<_> = client.events(call).try_collect().await?;
    /// assert_eq!(events[0]["type"], "response.created");
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn events(&self, call: Call) -> ChunkStream<'_, Value> {
        self.events_in(call, Context::default())
    }

    /// Runs [`events`](Self::events) as a step of a run, like [`call_in`](Self::call_in).
    pub fn events_in(&self, call: Call, cx: Context) -> ChunkStream<'_, Value> {
        self.client.stream(self.client.placed(call), cx, || RawEvents)
    }

    pub(crate) fn inner(&self) -> &Client {
        &self.client
    }
}

/// Builds an [`OpenAiClient`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_openai::OpenAiClient;
/// let builder = OpenAiClient::builder().with_api_key("sk-secret").with_max_retries(5);
/// assert!(!format!("{builder:?}").contains("sk-secret"));
/// let client = builder.build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct OpenAiClientBuilder {
    connection: Connection,
}

impl OpenAiClientBuilder {
    /// Builds the client. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key (for OpenAI), an invalid URL, key or
    /// proxy, or a key that would be sent unencrypted.
    pub fn build(self) -> Result<OpenAiClient> {
        self.connection.connect().map(OpenAiClient::from_parts)
    }
}

connection_settings!(OpenAiClientBuilder);
