//! One request and the head of its answer, sent again where the server surely did not process it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use catena_core::Result;
use http::header::HOST;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::client::conn::TrySendError;

use super::checkout::{Checkout, Lease};
use super::received::{Held, Received};
use super::{Key, Pool};
use crate::failure;

/// Boxed, because it is moved from future to future, and each would hold room for it.
type Message = Box<Request<Full<Bytes>>>;

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
    /// The request, if nothing of it left.
    unsent: Option<Message>,
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
    pub(crate) async fn send(self: Arc<Self>, mut message: Message) -> Result<Response<Received>> {
        let (key, url) = (Key::of(message.uri()), message.uri().clone());
        let (mut unsent, mut may_repeat) = (0, true);
        let mut checkout = self.checkout(&key, &url).await?;
        loop {
            let copy = checkout.may_fail_unprocessed().then(|| message.clone());
            // Others may have used up a new connection that is shared before its own request left.
            let used = checkout.reused || matches!(checkout.lease, Lease::Http2(..));
            let lost = match self.exchange(checkout, message, &key, &url).await {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost,
            };
            (message, checkout) = match (lost.unsent, copy) {
                (Some(same), _) if used && unsent < MOST_UNSENT => {
                    unsent += 1;
                    (same, self.next(unsent, &key, &url).await?)
                }
                (_, Some(copy)) if lost.left && unsent < MOST_UNSENT => {
                    unsent += 1;
                    (copy, self.next(unsent, &key, &url).await?)
                }
                (_, Some(copy)) if lost.unprocessed && may_repeat => {
                    may_repeat = false;
                    // Not another kept connection, which the same restart may have closed.
                    (copy, self.another(&key, &url).await?)
                }
                _ => return Err(failure::no_answer(&url, lost.error)),
            };
        }
    }

    /// The connection after so many that closed unused: if those who share them are too many for the server, one of its own.
    async fn next(self: &Arc<Self>, unsent: usize, key: &Key, url: &Uri) -> Result<Checkout> {
        if unsent > MOST_SHARED { self.open(key, url).await } else { self.checkout(key, url).await }
    }

    async fn another(self: &Arc<Self>, key: &Key, url: &Uri) -> Result<Checkout> {
        if key.secure && self.connector.offers_http2() {
            return self.checkout(key, url).await;
        }
        self.open(key, url).await
    }

    async fn exchange(
        self: &Arc<Self>,
        checkout: Checkout,
        mut message: Message,
        key: &Key,
        url: &Uri,
    ) -> Result<Response<Received>, Lost> {
        match checkout.lease {
            Lease::Http1(mut connection) => {
                address_http1(&mut message, connection.proxied);
                let (before, start) = (connection.traffic.received(), Instant::now());
                let sent = connection.sender.try_send_request(*message).await;
                let answer = sent.map_err(|error| {
                    let silent = connection.traffic.received() == before;
                    let at_once = start.elapsed() < CLOSED_AT_ONCE;
                    let closed = checkout.reused && silent && at_once && failure::is_unread(error.error());
                    Lost { unprocessed: closed, ..Lost::new(error) }
                })?;
                let held = Held::Http1(connection, Arc::clone(self), key.clone());
                Ok(answer.map(|body| Received::new(body, held, url)))
            }
            Lease::Http2(mut sender, slot) => {
                *message.version_mut() = Version::HTTP_2;
                let answer = sender.try_send_request(*message).await.map_err(|error| {
                    let (refused, left) =
                        (failure::is_refused(error.error()), failure::is_left(error.error()));
                    Lost { unprocessed: refused, left, ..Lost::new(error) }
                })?;
                Ok(answer.map(|body| Received::new(body, Held::Http2(slot), url)))
            }
        }
    }
}

impl Checkout {
    /// Whether a copy of the request must be kept.
    fn may_fail_unprocessed(&self) -> bool {
        self.reused || matches!(self.lease, Lease::Http2(..))
    }
}

impl Lost {
    fn new(mut error: TrySendError<Request<Full<Bytes>>>) -> Self {
        let unsent = error.take_message().map(Box::new);
        Self { error: error.into_error(), unsent, unprocessed: false, left: false }
    }
}

/// HTTP/1.1 names the host in a header and the path in its first line; a proxy wants the whole URL there.
fn address_http1(message: &mut Request<Full<Bytes>>, proxied: bool) {
    let url = message.uri();
    if !message.headers().contains_key(HOST)
        && let Some(authority) = url.authority()
    {
        let default = match (url.scheme() == Some(&Scheme::HTTPS), authority.port_u16()) {
            (true, Some(443)) | (false, Some(80)) => true,
            (_, port) => port.is_none(),
        };
        let host = if default { authority.host() } else { authority.as_str() };
        // An authority is made of characters that a header may hold.
        if let Ok(host) = HeaderValue::from_str(host) {
            message.headers_mut().insert(HOST, host);
        }
    }
    if !proxied {
        let path = message.uri().path_and_query().cloned();
        *message.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    }
}
