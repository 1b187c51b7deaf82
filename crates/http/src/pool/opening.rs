//! Opening connections, for a single request or for several that wait.

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

/// After opening an additional connection failed, no other attempt is made for this long.
const REST: Duration = Duration::from_secs(1);

/// Opens the connections of a pool. Clones are cheap.
#[derive(Clone)]
pub(super) struct Opener {
    pub(super) connector: Connector,
    pub(super) clock: Clock,
}

/// A connection that is being opened.
pub(super) type Opening<'a> = Pin<Box<dyn Future<Output = Result<Checkout>> + Send + 'a>>;

impl Opener {
    /// Opens a new connection, regardless of those in the pool.
    pub(super) fn open<'a>(&'a self, host: &'a Arc<Host>, url: &'a Uri) -> Opening<'a> {
        // Boxed: it is much larger than what a request needs while waiting for its response.
        Box::pin(async move {
            let connected = self.connector.connect(url, &self.clock).await?;
            if !connected.http2 {
                if host.key.secure {
                    host.with(Connections::speaks_http1);
                }
                let http1 = connection::http1(connected.wire, connected.proxied, &host.runtime, url).await?;
                return Ok(Checkout { lease: Lease::Http1(http1), reused: false });
            }
            let traffic = connected.wire.traffic();
            let load = host.with(|connections| connections.load(traffic));
            let (wire, there) = (connected.wire, Arc::downgrade(host));
            let sender = connection::http2(wire, Arc::clone(&load), there, &host.runtime, url).await?;
            let slot = host.add_with(|connections| connections.add(&sender, load));
            Ok(Checkout { lease: Lease::Http2(sender, slot), reused: false })
        })
    }

    /// Opens a new connection that others may wait for. It is opened by a task, so whether or not its caller is polled;
    /// if the caller is dropped, the connection is available to the others, or to the next call.
    pub(super) fn open_for_all(&self, host: &Arc<Host>, url: &Uri) -> oneshot::Receiver<Result<Checkout>> {
        let (tell, told) = oneshot::channel();
        let (opener, host, url) = (self.clone(), Arc::clone(host), url.clone());
        // Created before the first poll, because the attempt has already been counted.
        let announcement = Announcement { host: Arc::clone(&host), failure: None };
        let (runtime, mut pool) = (host.runtime.clone(), host.pool.clone());
        runtime.execute(async move {
            let opening = pin!(opener.open_and_tell(&host, &url, announcement, tell));
            // Nothing is ever sent: this completes when the pool is dropped.
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
            // Waiters can still get room on the existing connections. Until this attempt is announced as over, no other
            // takes its place.
            host.runtime.sleep(REST).await;
        } else {
            announcement.failure = failure;
        }
    }
}

/// On drop, tells the waiters that a connection was opened, or failed, or will not be opened because its pool is gone.
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
