//! How a request comes by a connection.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use catena_core::{Error, Result};
use futures_util::future::{Either, select};
use http::Uri;

use super::connection::{self, Http1, Http2Sender};
use super::host::{Host, Idle, Slot, Step};
use super::{Key, Pool};

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

type Opening<'a> = Pin<Box<dyn Future<Output = Result<Checkout>> + Send + 'a>>;

impl Pool {
    /// A connection to the server of `url`: one that is free, one with room, or a new one.
    pub(super) async fn checkout(self: &Arc<Self>, key: &Key, url: &Uri) -> Result<Checkout> {
        let may_share = key.secure && self.connector.offers_http2();
        let mut waited = false;
        loop {
            let step = self.hosts().entry(key.clone()).or_default().next_step(may_share);
            match step {
                Step::Http1(connection) => {
                    if let Some(checkout) = self.settle(connection, key, url).await {
                        return checkout;
                    }
                }
                Step::Http2(sender, slot) => {
                    if waited {
                        self.with(key, |host| host.pass_on());
                    }
                    return Ok(Checkout { lease: Lease::Http2(sender, slot), reused: true });
                }
                Step::OpenAlone => return self.open(key, url).await,
                Step::OpenForAll => return self.open_for_all(key, url).await,
                Step::Wait(news, failures) => {
                    news.await;
                    waited = true;
                    if let Some(error) = self.with(key, |host| host.failure_since(failures)) {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// A new connection, whatever the pool holds.
    pub(super) fn open<'a>(self: &'a Arc<Self>, key: &'a Key, url: &'a Uri) -> Opening<'a> {
        // Boxed: it is much larger than what a request needs while it waits for its answer.
        Box::pin(async move {
            let connected = self.connector.connect(url, &self.clock).await?;
            if !connected.http2 {
                self.with(key, |host| {
                    if key.secure {
                        host.speaks_http1();
                    }
                });
                let http1 = connection::http1(connected.wire, connected.proxied, &self.runtime, url).await?;
                return Ok(Checkout { lease: Lease::Http1(http1), reused: false });
            }
            let load = self.with(key, |host| host.load());
            let sender = connection::http2(connected.wire, Arc::clone(&load), &self.runtime, url).await?;
            let slot = self.with(key, |host| host.add(&sender, load));
            self.evict_later(key);
            Ok(Checkout { lease: Lease::Http2(sender, slot), reused: false })
        })
    }

    fn open_for_all<'a>(self: &'a Arc<Self>, key: &'a Key, url: &'a Uri) -> Opening<'a> {
        // Made before the first poll: the step has been counted already.
        let announcement = Announcement { pool: self, key, failure: None };
        Box::pin(async move {
            let mut announcement = announcement;
            let opened = self.open(key, url).await;
            announcement.failure = opened.as_ref().err().cloned();
            opened
        })
    }

    /// Keeps a connection whose answer has been read for the next request.
    pub(super) fn keep(self: &Arc<Self>, key: &Key, connection: Http1) {
        if connection.is_closed() {
            return;
        }
        self.with(key, |host| host.idle.push(Idle { connection, since: Instant::now() }));
        self.evict_later(key);
    }

    /// A kept connection may still be busy with the end of its last answer, as a rule for microseconds: a new one is
    /// opened beside it, and whichever is ready first serves. `None` if it closed instead.
    async fn settle(
        self: &Arc<Self>,
        mut connection: Http1,
        key: &Key,
        url: &Uri,
    ) -> Option<Result<Checkout>> {
        if !connection.sender.is_ready() {
            let open = async {
                tokio::task::yield_now().await;
                self.open(key, url).await
            };
            match select(pin!(connection.sender.ready()), Box::pin(open)).await {
                Either::Left((Ok(()), _)) => {}
                Either::Left((Err(_closed), _)) => return None,
                Either::Right((opened, _)) => return Some(opened),
            }
        }
        Some(Ok(Checkout { lease: Lease::Http1(connection), reused: true }))
    }

    pub(super) fn with<T>(&self, key: &Key, change: impl FnOnce(&mut Host) -> T) -> T {
        let mut hosts = self.hosts();
        match hosts.get_mut(key) {
            Some(host) => change(host),
            None => change(hosts.entry(key.clone()).or_default()),
        }
    }
}

/// Tells those who wait that a connection is there, failed, or will not come because its caller left.
struct Announcement<'a> {
    pool: &'a Arc<Pool>,
    key: &'a Key,
    failure: Option<Error>,
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        let failure = self.failure.take();
        self.pool.with(self.key, |host| host.opened(failure));
    }
}
