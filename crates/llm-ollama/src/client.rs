//! Connects codec and transport: where each endpoint is, and how it is called.

use catena_core::{ChunkStream, Context, Demand, Result};
use catena_http::service::{Answer, Call, Service, StreamDecoder};
use serde_json::{Map, Value};

use crate::codec::tags::decode_tags;
use crate::model_info::ModelInfo;

/// A client of the service. Cloning is cheap, and clones share connections. `Debug` hides the key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: Service,
    base_url: String,
}

impl Client {
    pub(crate) fn new(service: Service, base_url: String) -> Self {
        // A query may hold a key, and this text is shown.
        let base_url = base_url.split('?').next().unwrap_or_default().to_owned();
        Self { service, base_url }
    }

    /// Returns the base URL without its query.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Adds to a description of a model everything else about the location that decides who answers. `None` if it
    /// cannot be told.
    pub(crate) fn with_endpoint_digest(&self, described: Map<String, Value>) -> Option<Map<String, Value>> {
        self.service.with_endpoint_digest(described)
    }

    /// Builds a `POST` with a JSON body to an endpoint such as `api/chat`, with the headers and limits of the
    /// arguments.
    ///
    /// # Errors
    /// Those of the arguments.
    pub(crate) fn post(
        &self,
        endpoint: &str,
        body: Vec<u8>,
        arguments: Option<&Map<String, Value>>,
    ) -> Result<Call> {
        Call::post(endpoint).with_json(body).with_arguments(arguments)
    }

    /// Returns what a call demands of the limits, if the service has any.
    pub(crate) fn asks<'a>(&self, demand: impl FnOnce() -> Demand<'a>) -> Option<Demand<'a>> {
        self.service.has_admission().then(demand)
    }

    /// Calls an endpoint and reads the whole response.
    ///
    /// # Errors
    /// Transport errors, and errors that the service reports with an unsuccessful status.
    pub(crate) async fn call(&self, call: Call, cx: &Context) -> Result<Answer> {
        self.service.send(call, cx).await
    }

    /// Calls an endpoint and decodes the response as it arrives. Nothing is sent until the stream is polled.
    pub(crate) fn stream<'a, D, F>(
        &'a self,
        call: Result<Call>,
        cx: Context,
        decoder: F,
    ) -> ChunkStream<'a, D::Chunk>
    where
        D: StreamDecoder + 'a,
        F: Fn() -> D + Send + Sync + 'a,
    {
        self.service.stream(call, cx, decoder)
    }

    /// Lists the service's models.
    ///
    /// # Errors
    /// As for every call.
    pub(crate) async fn list_models(&self) -> Result<Vec<ModelInfo>> {
        let answer = self.call(Call::get("api/tags"), &Context::default()).await?;
        decode_tags(&answer.body, &answer.origin)
    }
}
