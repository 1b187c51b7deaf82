//! The glue between codec and transport: where each endpoint is, and how it is called.

use catena_core::{ChunkStream, Context, Demand, Result};
use catena_http::service::{Answer, Call, Service};
use serde_json::{Map, Value};

use crate::codec::StreamDecoder;

/// A client of the service. A cheap clone; clones share connections. `Debug` hides the key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: Service,
    base_url: String,
}

impl Client {
    pub(crate) fn new(service: Service, base_url: String) -> Self {
        Self { service, base_url }
    }

    /// Where the service is, without what may be secret.
    pub(crate) fn base_url(&self) -> &str {
        self.base_url.split(['?', '#']).next().unwrap_or_default()
    }

    /// A description of a model with what else of the place decides who answers. `None` if that cannot be told.
    pub(crate) fn with_place(&self, described: Map<String, Value>) -> Option<Map<String, Value>> {
        self.service.with_place(described)
    }

    /// A `POST` of a JSON body, with the names of what is not generally available yet.
    ///
    /// # Errors
    /// `Config` for a name that a header cannot hold.
    pub(crate) fn post(&self, endpoint: &str, body: Vec<u8>, betas: &[String]) -> Result<Call> {
        let call = Call::post(endpoint).with_json(body);
        if betas.is_empty() { Ok(call) } else { call.with_header("anthropic-beta", &betas.join(",")) }
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
