//! The client: time and size limits around a transport.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Result, Timer};
use futures_core::Stream;
use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderValue, Uri};

use crate::builder::HttpClientBuilder;
use crate::encoding;
use crate::failure::server_name;
use crate::hyper_transport::{HyperTransport, Place};
use crate::outgoing::Outgoing;
use crate::request::Request;
use crate::response::{Limits, Response};
use crate::timeout::{BodyLimits, Clock, Limit, Stall, TimedBody, Total};
use crate::transport::HttpTransport;

/// An HTTP client for any executor and for blocking code. Clones are cheap and share connections.
///
/// A client may be shared by several tokio runtimes, threads and executors, and can outlive each of them. Where the
/// network I/O of a request runs is decided when its future is first polled:
///
/// * on a worker of a **multi-thread tokio runtime**: on that runtime, which has its own connection pool until it shuts
///   down;
/// * in a **blocking scope** (see [`blocking`](crate::blocking)), on a **current-thread tokio runtime**, on **any other
///   executor**, or without an executor: on a thread of this crate named `catena-io`, started on first use.
///
/// A current-thread runtime is deliberately not used for I/O: code that blocks its only thread on a future would starve
/// the connection and deadlock. The price is a thread switch per request.
///
/// A multi-thread runtime must have its I/O and time drivers enabled (`enable_all`). A response body must not outlive
/// the runtime that serves it; if it does, it ends with an `Incomplete` error.
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
    pub(crate) sender: Sender,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) user_agent: HeaderValue,
    /// Whether to request compressed responses.
    pub(crate) gzip: bool,
    pub(crate) first_byte: Limit,
    pub(crate) idle: Limit,
    pub(crate) total: Option<Limit>,
    pub(crate) limits: Limits,
}

/// What sends the requests.
#[derive(Debug, Clone)]
pub(crate) enum Sender {
    Hyper(Arc<HyperTransport>),
    Custom(Arc<dyn HttpTransport>),
}

impl HttpClient {
    /// Returns a builder with the default settings.
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }

    /// Returns this client with other time limits, for a single call. Connections are shared.
    pub(crate) fn with_limits(&self, first_byte: Option<Duration>, idle: Option<Duration>) -> Self {
        let inner = Inner::clone(&self.0);
        let first_byte = first_byte.map_or(inner.first_byte, Limit::first_byte);
        let idle = idle.map_or(inner.idle, Limit::idle);
        Self::new(Inner { first_byte, idle, ..inner })
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Sends `request` and returns the response once its status and headers have arrived.
    ///
    /// Redirects are not followed. A request is sent again on another connection if no part of it was sent. It is
    /// retried once if an HTTP/2 server reports that it did not process it (RFC 9113, section 8.7), or if a reused
    /// HTTP/1.1 connection is reset within a second without any response: usually the server had closed that connection
    /// already, though a server that crashed on the request looks the same. A [call that is made at most
    /// once](crate::service::Call::at_most_once) is not retried in the latter case.
    ///
    /// # Errors
    /// `Connection` if the server cannot be reached or the connection breaks, `Tls` if the handshake fails, `Timeout`
    /// if the connect, first byte or total limit expires, `InvalidResponse` if the response is not valid HTTP. Damage in
    /// transit (a TLS record that fails its check, a garbled head after a valid one on the same connection) is a
    /// `Connection` error, so it can be retried. A status of 400 or above is not an error here: see [`Response::status`].
    ///
    /// # Cancellation
    /// Dropping the future closes the connection or resets the HTTP/2 stream. A connection still being opened to a
    /// server that may speak HTTP/2 can have other waiters: it is opened anyway, within the connect timeout, and kept
    /// for later calls.
    ///
    /// # Example
    /// See [`HttpClient`].
    pub async fn send(&self, mut request: Request) -> Result<Response> {
        let url = request.url().clone();
        self.complete(&url, request.headers_mut());
        self.send_complete(&Arc::new(request.into_outgoing())).await
    }

    /// Adds the headers that every request of this client has, unless present.
    pub(crate) fn complete(&self, url: &Uri, headers: &mut HeaderMap) {
        let inner = &*self.0;
        headers.entry(USER_AGENT).or_insert_with(|| inner.user_agent.clone());
        if inner.gzip {
            headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
        }
        if let Sender::Hyper(hyper) = &inner.sender {
            hyper.complete(url, headers);
        }
    }

    /// Returns the proxy that a plain HTTP request to `url` is forwarded through, if this client knows of one.
    pub(crate) fn plain_proxy(&self, url: &Uri) -> Option<Uri> {
        match &self.0.sender {
            Sender::Hyper(hyper) => Some(hyper.plain_proxy(url)?.uri().clone()),
            Sender::Custom(_) => None,
        }
    }

    /// Sends a request that is [complete](Self::complete).
    pub(crate) async fn send_complete(&self, request: &Arc<Outgoing>) -> Result<Response> {
        let inner = &*self.0;
        match &inner.sender {
            Sender::Custom(transport) => {
                let clock = Clock::Timer(Arc::clone(&inner.timer));
                let mut call = transport.send(request.message(request.url.clone(), |body| body));
                inner.within_limits(clock, request, call.as_mut()).await
            }
            Sender::Hyper(hyper) => {
                let place = Place::of_this_thread()?;
                let clock = hyper.clock(&place);
                // Boxed: the future that contains it is moved and allocated as a whole, and two small boxes are faster
                // than one large one.
                let mut call = Box::pin(hyper.send_at(place, Arc::clone(request)));
                inner.within_limits(clock, request, call.as_mut()).await
            }
        }
    }

    /// Returns the timer of the client's time limits.
    pub fn timer(&self) -> &Arc<dyn Timer> {
        &self.0.timer
    }

    /// Returns the number of runtimes that the client has a connection pool for. For tests.
    #[doc(hidden)]
    pub fn pool_count(&self) -> usize {
        match &self.0.sender {
            Sender::Hyper(hyper) => hyper.pool_count(),
            Sender::Custom(_) => 0,
        }
    }
}

impl Inner {
    /// Awaits a response within the time limits, and applies the limits to its body.
    async fn within_limits<F, B>(
        &self,
        clock: Clock,
        request: &Outgoing,
        mut call: Pin<&mut F>,
    ) -> Result<Response>
    where
        F: Future<Output = Result<http::Response<B>>> + ?Sized,
        B: Stream<Item = Result<Bytes>> + Stall + Send + 'static,
    {
        let url = &request.url;
        let mut total = Total::start(&clock, self.total);
        let mut alarm = clock.alarm(self.first_byte.duration);
        let answer = {
            poll_fn(|cx| {
                if let Poll::Ready(answer) = call.as_mut().poll(cx) {
                    return Poll::Ready(answer);
                }
                let passed = match Pin::new(&mut total).poll(cx) {
                    Poll::Ready(total) => total,
                    Poll::Pending => {
                        ready!(Pin::new(&mut alarm).poll(cx));
                        self.first_byte
                    }
                };
                request.timed_out.set(true);
                Poll::Ready(Err(passed.error(&server_name(url))))
            })
            .await?
        };
        let (mut head, body) = answer.into_parts();
        let clock_of_failure = (!head.status.is_success()).then(|| clock.clone());
        let limits = BodyLimits { clock, idle: self.idle, total, url: url.clone() };
        let body = TimedBody::new(body, limits, Some(alarm));
        let body = encoding::decode(body, &mut head, || server_name(url))?;
        Ok(Response::new(head, body, self.limits, clock_of_failure))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("HttpClient")
            .field("transport", &inner.sender)
            .field("timer", &inner.timer)
            .field("first_byte_timeout", &inner.first_byte.duration)
            .field("idle_timeout", &inner.idle.duration)
            .field("total_timeout", &inner.total.map(|limit| limit.duration))
            .field("max_body_bytes", &inner.limits.max_body_bytes)
            .field("max_event_bytes", &inner.limits.max_event_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_flight_is_small() {
        let client = HttpClient::builder().build().expect("a client");
        // Thousands of calls wait at once, and what a future holds is moved when it is made.
        let request = || Request::get("http://h.test/").expect("a request");
        let size = size_of_val(&client.send(request()));
        assert!(size <= 2800, "{size} bytes");
    }
}
