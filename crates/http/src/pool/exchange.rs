//! A request and the head of its response, resent if the server did not process it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use catena_core::Result;
use http::header::HOST;
use http::uri::{Authority, PathAndQuery};
use http::{Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;

use super::Pool;
use super::checkout::{Checkout, Lease};
use super::host::Host;
use super::received::{Held, Received};
use crate::failure;
use crate::outgoing::Outgoing;
use crate::wire::Traffic;

/// A request in the form that hyper expects.
type Message = Request<Full<Bytes>>;

/// A server that had already closed a kept connection resets it as soon as it receives something. A later reset more
/// likely means that the server was processing the request.
const CLOSED_AT_ONCE: Duration = Duration::from_secs(1);

/// Callers may cancel for reasons of their own. Cancellations say little about a connection that was silent for less.
const LONG_SILENCE: Duration = Duration::from_secs(1);

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
    /// The server is shutting the connection down gracefully and will not process this request, or the connection
    /// ended before the request's body was sent.
    left: bool,
}

impl Pool {
    /// Sends `request` and waits for the head of its response.
    ///
    /// A request that was not processed is sent again: repeatedly if no part of it was sent, or if an HTTP/2 server
    /// shut the connection down before it or before its body was sent (as nginx does after a number of requests, with
    /// others still in flight); and once if an HTTP/2 server refuses it. It is also sent again, once, if a reused
    /// connection seems to have been closed already, or an HTTP/2 connection ended at its start and it has no body:
    /// then it cannot be known for certain, so not if the request is to be sent [at most once](Outgoing::once).
    pub(crate) async fn send(self: Arc<Self>, request: Arc<Outgoing>) -> Result<Response<Received>> {
        let url = &request.url;
        let host = self.host(url);
        let (mut unsent, mut may_repeat) = (0, true);
        let mut checkout = self.checkout(&host, url).await?;
        loop {
            // On a new shared connection, other requests may have used up its capacity before its own request was sent.
            let shared = matches!(checkout.lease, Lease::Http2(..));
            let reused = checkout.reused;
            let lost = match exchange(checkout, &request, &host).await {
                Ok((answer, held)) => return Ok(answer.map(|body| Received::new(body, held, host, url))),
                Err(lost) => lost,
            };
            let not_begun = (lost.unsent && (reused || shared)) || lost.left;
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
                return Err(failure::no_answer(url, reused, lost.error));
            };
        }
    }

    /// Returns the next connection after a number of unused ones closed; eventually a dedicated one, in case those
    /// sharing a connection are too many for the server.
    async fn next(&self, unsent: usize, host: &Arc<Host>, url: &Uri) -> Result<Checkout> {
        if unsent > MOST_SHARED { self.open(host, url).await } else { self.checkout(host, url).await }
    }
}

/// Sends `request` once, on the connection of `checkout`.
async fn exchange(
    checkout: Checkout,
    request: &Outgoing,
    host: &Host,
) -> Result<(Response<Incoming>, Held), Lost> {
    match checkout.lease {
        Lease::Http1(mut connection) => {
            let watch = Watch::new(request, host, &connection.traffic);
            let sent = connection.sender.try_send_request(http1_form(request, connection.proxied)).await;
            let answer = sent.map_err(|error| {
                let at_once = watch.is_silent() && watch.start.elapsed() < CLOSED_AT_ONCE;
                let closed = checkout.reused && at_once && failure::is_reset(error.error());
                Lost { unprocessed: closed && !request.once, ..Lost::new(error) }
            })?;
            watch.end();
            Ok((answer, Held::Http1(connection)))
        }
        Lease::Http2(mut sender, slot) => {
            let watch = Watch::new(request, host, slot.traffic());
            let sent = sender.try_send_request(http2_form(request));
            // Not held while waiting. A request that is sent in the very moment in which its connection ends may stay
            // in the queue between them, which is emptied for good only when the last sender is dropped.
            drop(sender);
            let answer = sent.await.map_err(|error| {
                let (refused, left) = (failure::is_refused(error.error()), failure::is_left(error.error()));
                // Its connection ended before it was its turn. Its head may just have been sent, but not its body.
                let waiting = failure::is_dropped(error.error()) && slot.has_ended();
                let whole = waiting && request.body.is_empty();
                Lost {
                    unprocessed: refused || (whole && !request.once),
                    left: left || (waiting && !whole),
                    ..Lost::new(error)
                }
            })?;
            watch.end();
            Ok((answer, Held::Http2(slot)))
        }
    }
}

/// Watches a connection from when a request is sent until its response begins. If the request is given up in between
/// without having received anything, after a time limit or [`LONG_SILENCE`] (of the connection, in which other requests
/// may have been given up), the connections to the host become suspect.
struct Watch<'a> {
    request: &'a Outgoing,
    host: &'a Host,
    traffic: &'a Traffic,
    /// Number of bytes received before.
    received: u64,
    start: Instant,
}

impl<'a> Watch<'a> {
    fn new(request: &'a Outgoing, host: &'a Host, traffic: &'a Traffic) -> Self {
        request.timed_out.set(false);
        Self { request, host, traffic, received: traffic.received(), start: Instant::now() }
    }

    fn is_silent(&self) -> bool {
        self.traffic.received() == self.received
    }

    /// Ends the watch: the response has begun.
    fn end(self) {
        std::mem::forget(self);
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_silent() {
            return;
        }
        let silence = self.traffic.given_up(self.start, Instant::now());
        if self.request.timed_out.is_set() || silence >= LONG_SILENCE {
            self.host.with(|connections| connections.suspect(self.start));
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::timeout;

    use super::super::connection::tests::{connected, host};
    use super::super::host::Connections;
    use super::*;

    #[tokio::test]
    async fn a_request_that_waits_keeps_no_sender() {
        let host = host();
        let (sender, load, _server) = connected(&host).await;
        // Added nowhere else.
        let slot = Connections::default().add(&sender, Arc::clone(&load));
        let checkout = Checkout { lease: Lease::Http2(sender, slot), reused: false };
        let request = crate::Request::get("https://h.test").expect("a URL").into_outgoing();
        let mut waiting = Box::pin(exchange(checkout, &request, &host));
        let told = Arc::clone(&load.news).notified_owned();
        assert!((&mut waiting).now_or_never().is_none(), "nobody answers");
        // The connection takes no more requests, because all its senders are gone.
        timeout(Duration::from_secs(5), told).await.expect("a sender is left");
        assert!(waiting.now_or_never().is_none(), "it still waits for its response");
    }
}
