//! A request and the head of its response, resent if the server did not process it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use catena_core::Result;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery};
use http::{Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::client::conn::TrySendError;

use super::Pool;
use super::checkout::{Checkout, Lease};
use super::host::Host;
use super::received::{Held, Received};
use crate::failure;
use crate::outgoing::Outgoing;

/// A request in the form that hyper expects.
type Message = Request<Full<Bytes>>;

/// A server that had already closed a kept connection resets it as soon as it receives something. A later reset more
/// likely means that the server was processing the request.
const CLOSED_AT_ONCE: Duration = Duration::from_secs(1);

/// Maximum number of replacements for connections that turn out to be closed before anything is written, or that the
/// server shuts down gracefully.
const MOST_UNSENT: usize = 32;

/// Number of those replacements that may be shared connections.
const MOST_SHARED: usize = 4;

/// A request that received no response.
struct Lost {
    error: hyper::Error,
    /// No part of it was sent.
    unsent: bool,
    unprocessed: bool,
    /// The server is shutting the connection down gracefully and will not process this request.
    left: bool,
}

impl Pool {
    /// Sends `request` and waits for the head of its response.
    ///
    /// A request that was not processed is sent again: repeatedly if no part of it was sent, or if an HTTP/2 server
    /// shut the connection down before it (as nginx does after a number of requests, with others still in flight); and
    /// once if an HTTP/2 server refuses it. It is also sent again, once, if a reused connection seems to have been
    /// closed already, which cannot be known for certain; not so if the request is to be sent [at most
    /// once](Outgoing::once).
    pub(crate) async fn send(self: Arc<Self>, request: Arc<Outgoing>) -> Result<Response<Received>> {
        let url = &request.url;
        let host = self.host(url);
        let (mut unsent, mut may_repeat) = (0, true);
        let mut checkout = self.checkout(&host, url).await?;
        loop {
            // On a new shared connection, other requests may have used up its capacity before its own request was sent.
            let shared = matches!(checkout.lease, Lease::Http2(..));
            let used = checkout.reused || shared;
            let lost = match exchange(checkout, &request, &host).await {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost,
            };
            let not_begun = (lost.unsent && used) || lost.left;
            checkout = if not_begun && unsent < MOST_UNSENT {
                unsent += 1;
                self.next(unsent, &host, url).await?
            } else if lost.unprocessed && may_repeat {
                may_repeat = false;
                if shared {
                    self.checkout(&host, url).await?
                } else {
                    // Not another kept connection, which the same server restart may have closed.
                    self.open(&host, url).await?
                }
            } else {
                return Err(failure::no_answer(url, lost.error));
            };
        }
    }

    /// Returns the next connection after a number of unused ones closed; eventually a dedicated one, in case those
    /// sharing a connection are too many for the server.
    async fn next(&self, unsent: usize, host: &Arc<Host>, url: &Uri) -> Result<Checkout> {
        if unsent > MOST_SHARED { self.open(host, url).await } else { self.checkout(host, url).await }
    }
}

async fn exchange(
    checkout: Checkout,
    request: &Outgoing,
    host: &Arc<Host>,
) -> Result<Response<Received>, Lost> {
    match checkout.lease {
        Lease::Http1(mut connection) => {
            let (before, start) = (connection.traffic.received(), Instant::now());
            let sent = connection.sender.try_send_request(http1_form(request, connection.proxied)).await;
            let answer = sent.map_err(|error| {
                let silent = connection.traffic.received() == before;
                let at_once = start.elapsed() < CLOSED_AT_ONCE;
                let closed = checkout.reused && silent && at_once && failure::is_reset(error.error());
                Lost { unprocessed: closed && !request.once, ..Lost::new(error) }
            })?;
            let held = Held::Http1(connection, Arc::clone(host));
            Ok(answer.map(|body| Received::new(body, held, &request.url)))
        }
        Lease::Http2(mut sender, slot) => {
            let sent = sender.try_send_request(http2_form(request)).await;
            let answer = sent.map_err(|error| {
                let (refused, left) = (failure::is_refused(error.error()), failure::is_left(error.error()));
                Lost { unprocessed: refused, left, ..Lost::new(error) }
            })?;
            Ok(answer.map(|body| Received::new(body, Held::Http2(slot), &request.url)))
        }
    }
}

impl Lost {
    fn new(mut error: TrySendError<Message>) -> Self {
        let unsent = error.take_message().is_some();
        Self { error: error.into_error(), unsent, unprocessed: false, left: false }
    }
}

/// HTTP/1.1 names the host in a header, which is already set, and the path in the request line; a proxy expects the
/// absolute URL there.
fn http1_form(request: &Outgoing, proxied: bool) -> Message {
    let url = &request.url;
    let path = || url.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    request.message(if proxied { url.clone() } else { Uri::from(path()) }, Full::new)
}

/// HTTP/2 names the host only in the URL.
fn http2_form(request: &Outgoing) -> Message {
    let mut message = request.message(request.url.clone(), Full::new);
    *message.version_mut() = Version::HTTP_2;
    let host = message.headers_mut().remove(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    if host.is_some() && host.as_ref() != message.uri().authority() {
        let mut url = message.uri().clone().into_parts();
        url.authority = host;
        if let Ok(url) = Uri::from_parts(url) {
            *message.uri_mut() = url;
        }
    }
    message
}
