//! One request and the head of its answer, sent again where the server surely did not process it.

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

/// A request in the form that a connection takes.
type Message = Request<Full<Bytes>>;

/// A server that had closed a kept connection says so as soon as it receives something. Later it may have been at work.
const CLOSED_AT_ONCE: Duration = Duration::from_secs(1);

/// Connections that turn out to be closed before anything is written, or that the server leaves in order, are replaced,
/// but not for ever.
const MOST_UNSENT: usize = 32;

/// So many of them are looked for among those that others use too.
const MOST_SHARED: usize = 4;

/// A request that got no answer.
struct Lost {
    error: hyper::Error,
    /// Nothing of it left.
    unsent: bool,
    unprocessed: bool,
    /// The server said that it serves a connection no longer, and no request above one that came before this.
    left: bool,
}

impl Pool {
    /// Sends `request` and waits for the head of its answer.
    ///
    /// A request that surely was not processed is sent again: as often as needed if nothing of it left, or if an HTTP/2
    /// server left the connection before it (as nginx does after so many requests, while others are under way), and once
    /// if a kept connection turned out to have been closed before, or an HTTP/2 server refuses it.
    pub(crate) async fn send(self: Arc<Self>, request: Arc<Outgoing>) -> Result<Response<Received>> {
        let url = &request.url;
        let host = self.host(url);
        let (mut unsent, mut may_repeat) = (0, true);
        let mut checkout = self.checkout(&host, url).await?;
        loop {
            // Others may have used up a new connection that is shared before its own request left.
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
                    // Not another kept connection, which the same restart may have closed.
                    self.open(&host, url).await?
                }
            } else {
                return Err(failure::no_answer(url, lost.error));
            };
        }
    }

    /// The connection after so many that closed unused: if those who share them are too many for the server, one of its own.
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
                let closed = checkout.reused && silent && at_once && failure::is_unread(error.error());
                Lost { unprocessed: closed, ..Lost::new(error) }
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

/// HTTP/1.1 names the host in a header, which is there, and the path in its first line; a proxy wants the whole URL there.
fn http1_form(request: &Outgoing, proxied: bool) -> Message {
    let url = &request.url;
    let path = || url.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    request.message(if proxied { url.clone() } else { Uri::from(path()) }, Full::new)
}

/// HTTP/2 names the host in the URL alone.
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
