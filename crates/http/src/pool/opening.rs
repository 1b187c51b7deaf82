//! New connections: one for a request alone, or one that others wait for too.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use catena_core::{Error, Result};
use futures_util::future::select;
use http::Uri;
use hyper::rt::{Executor, Timer};
use tokio::sync::oneshot;

use super::checkout::{Checkout, Lease};
use super::connection;
use super::host::{Connections, Host};
use crate::connector::Connector;
use crate::timeout::Clock;

/// Where one more connection failed beside one that serves, none is tried for so long.
const REST: Duration = Duration::from_secs(1);

/// Opens the connections of a pool. A cheap clone.
#[derive(Clone)]
pub(super) struct Opener {
    pub(super) connector: Connector,
    pub(super) clock: Clock,
}

/// A connection that is being opened.
pub(super) type Opening<'a> = Pin<Box<dyn Future<Output = Result<Checkout>> + Send + 'a>>;

impl Opener {
    /// A new connection, whatever the pool holds.
    pub(super) fn open<'a>(&'a self, host: &'a Arc<Host>, url: &'a Uri) -> Opening<'a> {
        // Boxed: it is much larger than what a request needs while it waits for its answer.
        Box::pin(async move {
            let connected = self.connector.connect(url, &self.clock).await?;
            if !connected.http2 {
                if host.key.secure {
                    host.with(Connections::speaks_http1);
                }
                let http1 = connection::http1(connected.wire, connected.proxied, &host.runtime, url).await?;
                return Ok(Checkout { lease: Lease::Http1(http1), reused: false });
            }
            let load = host.with(|connections| connections.load());
            let sender = connection::http2(connected.wire, Arc::clone(&load), &host.runtime, url).await?;
            let slot = host.with(|connections| connections.add(&sender, load));
            host.evict_later();
            Ok(Checkout { lease: Lease::Http2(sender, slot), reused: false })
        })
    }

    /// A new connection that others wait for too. It is opened by a task of its own, and so whether or not its caller is
    /// polled; if the caller leaves, it is there for the others, or for the next call.
    pub(super) fn open_for_all(&self, host: &Arc<Host>, url: &Uri) -> oneshot::Receiver<Result<Checkout>> {
        let (tell, told) = oneshot::channel();
        let (opener, host, url) = (self.clone(), Arc::clone(host), url.clone());
        // Made before the first poll: the step has been counted already.
        let announcement = Announcement { host: Arc::clone(&host), failure: None };
        let (runtime, mut pool) = (host.runtime.clone(), host.pool.clone());
        runtime.execute(async move {
            let opening = pin!(opener.open_and_tell(&host, &url, announcement, tell));
            // Nothing is ever sent: it changes when the pool is gone.
            select(opening, pin!(pool.changed())).await;
        });
        told
    }

    async fn open_and_tell(
        &self,
        host: &Arc<Host>,
        url: &Uri,
        mut announcement: Announcement,
        caller: oneshot::Sender<Result<Checkout>>,
    ) {
        let opened = self.open(host, url).await;
        let failure = opened.as_ref().err().cloned();
        if let Err(Ok(unclaimed)) = caller.send(opened) {
            unclaimed.give_back(host);
        }
        if failure.is_some() && host.with(|connections| connections.serves()) {
            // Whoever waits does so for room on what serves. Until this has been announced none else is opened in its place.
            host.runtime.sleep(REST).await;
        } else {
            announcement.failure = failure;
        }
    }
}

/// Tells those who wait that a connection is there, failed, or will not come because its pool is gone.
struct Announcement {
    host: Arc<Host>,
    failure: Option<Error>,
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let failure = self.failure.take();
        self.host.with(|connections| connections.opened(failure));
    }
}
