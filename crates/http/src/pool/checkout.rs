//! How a request obtains a connection.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catena_core::Result;
use futures_util::future::{Either, select};
use http::Uri;
use hyper::rt::Timer;

use super::Pool;
use super::connection::{Http1, Http2Sender};
use super::host::{Host, Idle, Slot, Step};
use super::opening::Opening;
use crate::failure;

/// A connection, or a stream's slot on one, for a single request.
pub(super) enum Lease {
    Http1(Http1),
    Http2(Http2Sender, Slot),
}

/// A lease, and whether the connection existed before.
pub(super) struct Checkout {
    pub(super) lease: Lease,
    pub(super) reused: bool,
}

/// Waiting this long is cheaper than connecting.
const SETTLED: Duration = Duration::from_millis(1);

impl Pool {
    /// Returns a connection to the server of `url`: an idle one, one with room, or a new one.
    pub(super) async fn checkout(&self, host: &Arc<Host>, url: &Uri) -> Result<Checkout> {
        let may_share = host.key.secure && self.opener.connector.offers_http2();
        let mut waited = false;
        loop {
            let step = host.with(|connections| connections.next_step(may_share));
            match step {
                Step::Http1(connection) => {
                    if connection.sender.is_ready() {
                        return Ok(Checkout { lease: Lease::Http1(connection), reused: true });
                    }
                    // Boxed, because this is rare.
                    if let Some(checkout) = Box::pin(self.settle(connection, host, url)).await {
                        return checkout;
                    }
                }
                Step::Http2(sender, slot) => {
                    if waited {
                        host.with(|connections| connections.pass_on());
                    }
                    return Ok(Checkout { lease: Lease::Http2(sender, slot), reused: true });
                }
                Step::OpenAlone => return self.open(host, url).await,
                Step::OpenForAll => match self.opener.open_for_all(host, url).await {
                    // The existing connections will have room at some point.
                    Ok(Err(_)) if host.with(|connections| connections.serves()) => {}
                    opened => return opened.unwrap_or_else(|ended| Err(failure::runtime_ended(ended))),
                },
                Step::Wait(news, failures) => {
                    news.await;
                    waited = true;
                    if let Some(error) = host.with(|connections| connections.failure_since(failures)) {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Opens a new connection, regardless of those in the pool.
    pub(super) fn open<'a>(&'a self, host: &'a Arc<Host>, url: &'a Uri) -> Opening<'a> {
        self.opener.open(host, url)
    }

    /// Waits for a kept connection that is still finishing its last response, which usually takes microseconds. If it
    /// takes longer, a new connection is opened in parallel, and whichever is ready first is used. `None` if the kept
    /// connection closed.
    async fn settle(&self, mut connection: Http1, host: &Arc<Host>, url: &Uri) -> Option<Result<Checkout>> {
        let open = async {
            self.runtime.sleep(SETTLED).await;
            self.open(host, url).await
        };
        match select(pin!(connection.sender.ready()), pin!(open)).await {
            Either::Left((Ok(()), _)) => {}
            Either::Left((Err(_closed), _)) => return None,
            Either::Right((opened, _)) => return Some(opened),
        }
        Some(Ok(Checkout { lease: Lease::Http1(connection), reused: true }))
    }
}

impl Checkout {
    /// Returns the connection unused.
    pub(super) fn give_back(self, host: &Arc<Host>) {
        match self.lease {
            Lease::Http1(connection) => host.keep(connection),
            Lease::Http2(_, slot) => drop(slot),
        }
    }
}

impl Host {
    /// Keeps a connection for the next request, after its response has been read.
    pub(super) fn keep(self: &Arc<Self>, connection: Http1) {
        if connection.is_closed() {
            return;
        }
        let idle = Idle { connection, since: Instant::now() };
        self.add_with(|connections| connections.idle.push(idle));
    }
}
