//! The glue between codec and transport: sends a body, checks the status, hands on the answer.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use catena_core::{ChunkStream, Result};
use catena_http::{HttpClient, Request, Response};
use futures_util::{TryStreamExt, stream};

use crate::base_url::{self, BaseUrl};
use crate::codec::error::decode_failure;
use crate::codec::{Origin, StreamDecoder};
use crate::event_chunks::{Answer, event_chunks};
use crate::redactor::Redactor;

/// The most that is read of the body of an error, in bytes.
const MAX_ERROR_BODY: usize = 64 << 10;

/// One endpoint of a service. A cheap clone; clones share connections. `Debug` hides the key.
#[derive(Clone)]
pub(crate) struct Client(Arc<Inner>);

struct Inner {
    http: HttpClient,
    /// Everything but the body.
    request: Request,
    redactor: Redactor,
    base_url: BaseUrl,
}

impl Client {
    pub(crate) fn new(http: HttpClient, request: Request, redactor: Redactor, base_url: BaseUrl) -> Self {
        Self(Arc::new(Inner { http, request, redactor, base_url }))
    }

    /// True if the service is OpenAI's own.
    pub(crate) fn is_openai(&self) -> bool {
        base_url::is_openai(self.0.request.url())
    }

    /// Where requests go, without the query.
    pub(crate) fn address(&self) -> String {
        let url = self.0.request.url();
        let authority = url.authority().map_or("", |authority| authority.as_str());
        format!("{}://{authority}{}", url.scheme_str().unwrap_or_default(), url.path())
    }

    /// The request without its body.
    #[cfg(test)]
    pub(crate) fn request(&self) -> &Request {
        &self.0.request
    }

    /// Sends a body and gathers the answer.
    ///
    /// # Errors
    /// Those of the transport, and those that the service reports by an unsuccessful status.
    pub(crate) async fn call(&self, body: Vec<u8>) -> Result<(Bytes, Origin)> {
        let (response, origin) = self.send(body).await?;
        Ok((response.bytes().await?, origin))
    }

    /// Sends a body and decodes the answer as it arrives. Nothing is sent before the stream is polled.
    pub(crate) fn stream<'a, D>(&'a self, body: Result<Vec<u8>>, decoder: D) -> ChunkStream<'a, D::Chunk>
    where
        D: StreamDecoder + 'a,
    {
        let chunks = async move {
            let (response, origin) = self.send(body?).await?;
            let answer = Answer::of(response).await?;
            Ok(event_chunks(answer, decoder, origin))
        };
        Box::pin(stream::once(chunks).try_flatten())
    }

    async fn send(&self, body: Vec<u8>) -> Result<(Response, Origin)> {
        let inner = &*self.0;
        let response = inner.http.send(inner.request.clone().with_json_body(body)).await?;
        let request_id = response.header("x-request-id").map(|id| inner.redactor.clean(id));
        let origin = Origin { request_id, redactor: inner.redactor.clone() };
        if response.status().is_success() {
            return Ok((response, origin));
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.excerpt(MAX_ERROR_BODY).await;
        Err(decode_failure(status, &headers, &body, &origin, inner.http.timer().wall_clock()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.0.base_url)
            .field("http", &self.0.http)
            .finish_non_exhaustive()
    }
}
