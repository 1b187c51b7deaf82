//! Closes connections that nobody uses.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use hyper::rt::{Executor, Timer};

use super::host::Host;

/// Connections that nobody uses are kept this long.
const KEPT: Duration = Duration::from_secs(60);
/// How often they are looked for.
const EVERY: Duration = Duration::from_secs(15);

impl Host {
    /// Sees to it that the connections are looked at now and then, until there are none.
    pub(super) fn evict_later(self: &Arc<Self>) {
        if self.with(|connections| std::mem::replace(&mut connections.watched, true)) {
            return;
        }
        // Weak: a client that is dropped closes its connections at once.
        let (host, runtime, mut pool) = (Arc::downgrade(self), self.runtime.clone(), self.pool.clone());
        self.runtime.execute(async move {
            loop {
                // Nothing is ever sent: it changes when the pool is gone.
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

    /// Looks once. False if nothing is left to look after.
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
