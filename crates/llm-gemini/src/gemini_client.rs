//! The service's other endpoints, besides its models.

use catena_core::{Context, Result};
use catena_http::service::{Answer, Call};
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::codec::object::decode_object;
use crate::connection::{Connection, connection_settings};
use crate::models::Models;

/// A client for the endpoints other than model calls: the [model list](Self::models), and any other [path](Self::call)
/// of the service.
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
/// use catena_llm_gemini::{Call, GeminiClient};
/// use catena_testkit::{Reply, Server};
/// use serde_json::{Value, json};
///
/// let server = Server::replay([Reply::json(200, json!({"files": [{"name": "files/1"}]}))]);
/// let client = GeminiClient::builder().with_base_url(server.url()).with_api_key("AIza-secret").build()?;
/// # futures_executor::block_on(async {
/// let files: Value = client.fetch(Call::get("files")).await?;
/// assert_eq!(files["files"][0]["name"], "files/1");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct GeminiClient {
    client: Client,
}

impl GeminiClient {
    /// Returns a builder with default settings.
    ///
    /// # Example
    /// ```
    /// use catena_llm_gemini::GeminiClient;
    /// let client = GeminiClient::builder().with_api_key("AIza-secret").build()?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn builder() -> GeminiClientBuilder {
        GeminiClientBuilder::default()
    }

    /// Creates a client with the key and all other settings from the environment.
    ///
    /// # Errors
    /// Those of [`GeminiClientBuilder::build`].
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

    /// Makes any call, and returns the body of the response.
    ///
    /// # Errors
    /// Transport errors, and errors that the service reports with an unsuccessful status.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn call(&self, call: Call) -> Result<Answer> {
        self.call_in(call, &Context::default()).await
    }

    /// Runs [`call`](Self::call) as a step of a run: with the run's retries and deadline, and visible to its observers.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_in(&self, call: Call, cx: &Context) -> Result<Answer> {
        self.client.call(call, cx).await
    }

    /// Makes any call, and deserializes the response from JSON.
    ///
    /// # Errors
    /// As for [`call`](Self::call); `Decode` or `InvalidResponse` if the response is not what was expected.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        self.fetch_in(call, &Context::default()).await
    }

    /// Runs [`fetch`](Self::fetch) as a step of a run, like [`call_in`](Self::call_in).
    ///
    /// # Errors
    /// As for [`fetch`](Self::fetch).
    pub async fn fetch_in<T: DeserializeOwned>(&self, call: Call, cx: &Context) -> Result<T> {
        let Answer { body, origin, .. } = self.call_in(call, cx).await?;
        decode_object(&body, &origin)
    }
}

/// Builds a [`GeminiClient`]. `Debug` hides the key. Problems with a setting are reported by [`build`](Self::build).
///
/// # Example
/// ```
/// use catena_llm_gemini::GeminiClient;
/// let builder = GeminiClient::builder().with_api_key("AIza-secret").with_max_retries(5);
/// assert!(!format!("{builder:?}").contains("AIza-secret"));
/// let client = builder.build()?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct GeminiClientBuilder {
    connection: Connection,
}

impl GeminiClientBuilder {
    /// Builds the client. Opens no connection.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config) for a missing key, an invalid URL, key or proxy, or a key
    /// that would be sent unencrypted.
    pub fn build(self) -> Result<GeminiClient> {
        self.connection.connect().map(GeminiClient::from_parts)
    }
}

connection_settings!(GeminiClientBuilder);
