//! Keeps connections, and closes those that stay idle.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use hyper::rt::{Executor, Timer};

use super::host::{Connections, Host};

/// How long an idle connection is kept.
const KEPT: Duration = Duration::from_secs(60);
/// How often to look for idle connections.
const EVERY: Duration = Duration::from_secs(15);

impl Host {
    /// Adds a connection, and ensures that the connections are checked periodically while there are any.
    pub(super) fn add_with<T>(self: &Arc<Self>, add: impl FnOnce(&mut Connections) -> T) -> T {
        let (added, is_watched) = self.with(|connections| {
            let added = add(connections);
            (added, std::mem::replace(&mut connections.watched, true))
        });
        if !is_watched {
            self.watch();
        }
        added
    }

    fn watch(self: &Arc<Self>) {
        // Weak, so that dropping a client closes its connections immediately.
        let (host, runtime, mut pool) = (Arc::downgrade(self), self.runtime.clone(), self.pool.clone());
        self.runtime.execute(async move {
            loop {
                // Nothing is ever sent: this completes when the pool is dropped.
                if let Either::Right(_) = select(runtime.sleep(EVERY), pin!(pool.changed())).await {
                    return;
                }
                let Some(host) = host.upgrade() else { return };
                if !host.evict() {
                    return;
                }
            }
        });
    }

    /// Checks once. Returns false if there are no connections left.
    fn evict(&self) -> bool {
        self.with(|connections| {
            if let Some(since) = Instant::now().checked_sub(KEPT) {
                connections.evict(since);
            }
            connections.watched = !connections.is_empty();
            connections.watched
        })
    }
}
