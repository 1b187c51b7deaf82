//! The service's endpoints beside its models.

use catena_core::{Context, Result};
use catena_http::service::{Answer, Call};
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::codec::object::decode_object;
use crate::connection::{Connection, connection_settings};
use crate::models::Models;

/// A client for the endpoints that are no models: the list of [models](Self::models), and whatever else the service has at
/// a [path](Self::call).
///
/// A clone is cheap and shares connections. It works on every executor and in blocking code. Failed calls are tried
/// again as those of models are.
///
/// # Errors
/// Errors of the service have the kind that its status stands for, say whether and when to try again, and carry what the
/// service said as [`ServiceError`](catena_core::ServiceError). No error shows the key.
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
    /// A builder with nothing set.
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

    /// A client with the key and everything else from the environment.
    ///
    /// # Errors
    /// Those of [`GeminiClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    pub(crate) fn from_parts(client: Client) -> Self {
        Self { client }
    }

    /// The models that the service has.
    pub fn models(&self) -> Models {
        Models::new(self.clone())
    }

    /// Makes a call of any kind, and gives the bytes of its answer.
    ///
    /// # Errors
    /// Those of the transport, and those that the service reports by an unsuccessful status.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn call(&self, call: Call) -> Result<Answer> {
        self.call_in(call, &Context::default()).await
    }

    /// [`call`](Self::call) as a step of a run: with its retries and its time, and told to its observers.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_in(&self, call: Call, cx: &Context) -> Result<Answer> {
        self.client.call(call, cx).await
    }

    /// Makes a call of any kind, and reads its answer as JSON.
    ///
    /// # Errors
    /// As for [`call`](Self::call); `Decode` and `InvalidResponse` for an answer that is not what was expected.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    pub async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        self.fetch_in(call, &Context::default()).await
    }

    /// [`fetch`](Self::fetch) as a step of a run, as [`call_in`](Self::call_in).
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
    /// [`ErrorKind::Config`](catena_core::ErrorKind::Config): no key, an unusable URL, key or proxy, or a key that would
    /// travel unencrypted.
    pub fn build(self) -> Result<GeminiClient> {
        self.connection.connect().map(GeminiClient::from_parts)
    }
}

connection_settings!(GeminiClientBuilder);
