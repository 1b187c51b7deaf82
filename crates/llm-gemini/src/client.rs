//! Connects codec and transport: where each endpoint is, and how it is called.

use std::sync::Arc;

use catena_core::{ChunkStream, Context, Demand, Result};
use catena_http::service::{Answer, Call, Service};
use serde_json::{Map, Value};

use crate::codec::{StreamDecoder, model_name};

/// A client of the service. Cloning is cheap, and clones share connections. `Debug` hides the key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: Service,
    /// Excludes the query, which may hold a key.
    base_url: Arc<str>,
}

impl Client {
    pub(crate) fn new(service: Service, base_url: &str) -> Self {
        Self { service, base_url: base_url.split('?').next().unwrap_or_default().into() }
    }

    /// Returns the base URL without secrets.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Adds to a description of a model everything else about the location that decides who answers. `None` if it
    /// cannot be told.
    pub(crate) fn with_endpoint_digest(&self, described: Map<String, Value>) -> Option<Map<String, Value>> {
        self.service.with_endpoint_digest(described)
    }

    /// Builds a `POST` with a JSON body to a method of a model, such as `generateContent`.
    ///
    /// # Errors
    /// `InvalidInput` for a model name that cannot be part of a path.
    pub(crate) fn post(&self, model: &str, method: &str, body: Vec<u8>) -> Result<Call> {
        Ok(Call::post(model_name::path(model, method)?).with_json(body))
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
}
