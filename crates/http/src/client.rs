//! The client: limits and timeouts laid around a transport.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Result, Timer};
use http::HeaderValue;
use http::header::USER_AGENT;

use crate::body::Body;
use crate::builder::HttpClientBuilder;
use crate::failure::server_name;
use crate::hyper_transport::HyperTransport;
use crate::request::Request;
use crate::response::{Limits, Response};
use crate::timeout::{Clock, Limit, TimedBody, Timeout, TotalSleep};
use crate::transport::HttpTransport;

/// An HTTP client for any executor and for blocking code. Clones are cheap and share connections.
///
/// One client may be shared by several tokio runtimes, threads and executors, and outlives each of them. Where the
/// network I/O of a request runs is decided when its future is first polled:
///
/// * on a worker of a **multi-thread tokio runtime**: on that runtime, which keeps its own pool of connections until it
///   ends;
/// * in a **blocking scope** (see [`blocking`](crate::blocking)), on a **current-thread tokio runtime**, on **any other
///   executor** or on none: on one lazily started thread of this crate, named `catena-io`.
///
/// A current-thread runtime is not used, although it could be: whoever blocks its only thread on a future of their own
/// would starve the connection and wait for ever. The detour costs a change of threads per request.
///
/// A multi-thread runtime must have its I/O and time drivers enabled (`enable_all`). A response body must not outlive the
/// runtime that serves it: it would end with an `Incomplete` error.
///
/// # Example
/// ```no_run
/// # async fn example() -> catena_core::Result<()> {
/// use catena_http::{HttpClient, Request};
/// let client = HttpClient::builder().build()?;
/// let request = Request::post("https://api.example.com/v1/embeddings")?
///     .with_bearer("sk-...")?
///     .with_json_body(r#"{"model":"m","input":"hello"}"#);
/// let response = client.send(request).await?;
/// println!("{}: {} bytes", response.status(), response.bytes().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) transport: Arc<dyn HttpTransport>,
    /// The same transport if it is the built-in one.
    pub(crate) hyper: Option<Arc<HyperTransport>>,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) first_byte: Limit,
    pub(crate) idle: Limit,
    pub(crate) total: Option<Limit>,
    pub(crate) limits: Limits,
}

impl HttpClient {
    /// A builder with the default limits.
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }

    /// This client with other limits, for one call; connections are shared.
    pub(crate) fn with_limits(&self, first_byte: Option<Duration>, idle: Option<Duration>) -> Self {
        let inner = Inner::clone(&self.0);
        let first_byte = first_byte.map_or(inner.first_byte, Limit::first_byte);
        let idle = idle.map_or(inner.idle, Limit::idle);
        Self::new(Inner { first_byte, idle, ..inner })
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Sends `request`; completes when the status and headers of the answer have arrived. Redirects are not followed,
    /// and nothing is retried except on a kept connection that the server had closed before the request was written.
    ///
    /// # Errors
    /// `Connection` if the server cannot be reached or goes away, `Tls` if the handshake fails, `Timeout` if the connect,
    /// first byte or total limit passes, `InvalidResponse` if the answer is not HTTP. A status of 400 and above is not an
    /// error here: see [`Response::status`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection or resets the stream.
    ///
    /// # Example
    /// See [`HttpClient`].
    pub async fn send(&self, request: Request) -> Result<Response> {
        let inner = &*self.0;
        let mut request = request.into_http();
        request.headers_mut().entry(USER_AGENT).or_insert_with(|| inner.user_agent.clone());
        let server = server_name(request.uri());
        let mut total = TotalSleep::start(&*inner.timer, inner.total);
        let first_byte = inner.timer.sleep(inner.first_byte.duration);
        let call = Timeout::new(Timeout::new(inner.transport.send(request), first_byte), &mut total);
        let answer = match (call.await, inner.total) {
            (Some(Some(answer)), _) => answer?,
            (None, Some(total)) => return Err(total.error(&server)),
            _ => return Err(inner.first_byte.error(&server)),
        };
        let (head, body) = answer.into_parts();
        let clock = Clock { timer: Arc::clone(&inner.timer), idle: inner.idle, total: inner.total, server };
        Ok(Response::new(head, Body::from_stream(TimedBody::new(body, clock, total)), inner.limits))
    }

    /// The timer by which the client's limits are measured.
    pub fn timer(&self) -> &Arc<dyn Timer> {
        &self.0.timer
    }

    /// How many runtimes the client holds a pool of connections for. For tests.
    #[doc(hidden)]
    pub fn pool_count(&self) -> usize {
        self.0.hyper.as_ref().map_or(0, |hyper| hyper.pool_count())
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("HttpClient")
            .field("transport", &inner.transport)
            .field("timer", &inner.timer)
            .field("first_byte_timeout", &inner.first_byte.duration)
            .field("idle_timeout", &inner.idle.duration)
            .field("total_timeout", &inner.total.map(|limit| limit.duration))
            .field("max_body_bytes", &inner.limits.max_body_bytes)
            .field("max_event_bytes", &inner.limits.max_event_bytes)
            .finish_non_exhaustive()
    }
}

/// What travels through the transport.
pub(crate) type HttpRequest = http::Request<Bytes>;
