//! The glue between codec and transport: where each endpoint is, and how it is called.

use std::sync::Arc;

use catena_core::{ChunkStream, Context, Demand, Result};
use catena_http::service::{Answer, Call, Service};
use serde_json::{Map, Value};

use crate::codec::{StreamDecoder, model_name};

/// A client of the service. A cheap clone; clones share connections. `Debug` hides the key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: Service,
    /// Without its query, which may hold a key.
    base_url: Arc<str>,
}

impl Client {
    pub(crate) fn new(service: Service, base_url: &str) -> Self {
        Self { service, base_url: base_url.split('?').next().unwrap_or_default().into() }
    }

    /// Where the service is, without what may be secret in it.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// A description of a model with what else of the place decides who answers. `None` if that cannot be told.
    pub(crate) fn with_place(&self, described: Map<String, Value>) -> Option<Map<String, Value>> {
        self.service.with_place(described)
    }

    /// A `POST` of a JSON body to a method of a model, such as `generateContent`.
    ///
    /// # Errors
    /// `InvalidInput` for a model's name that cannot be a part of a path.
    pub(crate) fn post(&self, model: &str, method: &str, body: Vec<u8>) -> Result<Call> {
        Ok(Call::post(model_name::path(model, method)?).with_json(body))
    }

    /// What a call asks for, where somebody wants to know it.
    pub(crate) fn asks<'a>(&self, demand: impl FnOnce() -> Demand<'a>) -> Option<Demand<'a>> {
        self.service.has_admission().then(demand)
    }

    /// Calls an endpoint and gathers the answer.
    ///
    /// # Errors
    /// Those of the transport, and those that the service reports by an unsuccessful status.
    pub(crate) async fn call(&self, call: Call, cx: &Context) -> Result<Answer> {
        self.service.send(call, cx).await
    }

    /// Calls an endpoint and decodes the answer as it arrives. Nothing is sent before the stream is polled.
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
