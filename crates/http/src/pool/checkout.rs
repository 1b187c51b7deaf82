//! How a request comes by a connection.

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

/// A connection for one request.
pub(super) enum Lease {
    Http1(Http1),
    Http2(Http2Sender, Slot),
}

/// A lease, and whether the connection was there before.
pub(super) struct Checkout {
    pub(super) lease: Lease,
    pub(super) reused: bool,
}

/// To wait so long is cheaper than to connect.
const SETTLED: Duration = Duration::from_millis(1);

impl Pool {
    /// A connection to the server of `url`: one that is free, one with room, or a new one.
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
                    // Boxed: few wait here.
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
                    // What serves others will have room.
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

    /// A new connection, whatever the pool holds.
    pub(super) fn open<'a>(&'a self, host: &'a Arc<Host>, url: &'a Uri) -> Opening<'a> {
        self.opener.open(host, url)
    }

    /// A kept connection may still be busy with the end of its last answer, as a rule for microseconds. Where it takes
    /// longer a new one is opened beside it, and whichever is ready first serves. `None` if it closed instead.
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
    /// Gives the connection back unused.
    pub(super) fn give_back(self, host: &Arc<Host>) {
        match self.lease {
            Lease::Http1(connection) => host.keep(connection),
            Lease::Http2(_, slot) => drop(slot),
        }
    }
}

impl Host {
    /// Keeps a connection whose answer has been read for the next request.
    pub(super) fn keep(self: &Arc<Self>, connection: Http1) {
        if connection.is_closed() {
            return;
        }
        self.with(|connections| connections.idle.push(Idle { connection, since: Instant::now() }));
        self.evict_later();
    }
}
