//! Closes connections that nobody uses.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::select;
use hyper::rt::{Executor, Timer};

use super::{Key, Pool};

/// Connections that nobody uses are kept this long.
const KEPT: Duration = Duration::from_secs(60);
/// How often they are looked for.
const EVERY: Duration = Duration::from_secs(15);

impl Pool {
    /// Sees to it that the connections to a server are looked at now and then, until there are none.
    pub(super) fn evict_later(self: &Arc<Self>, key: &Key) {
        if self.with(key, |host| std::mem::replace(&mut host.watched, true)) {
            return;
        }
        // Weak: a client that is dropped closes its connections at once.
        let (pool, key, runtime) = (Arc::downgrade(self), key.clone(), self.runtime.clone());
        let mut gone = self.alive.subscribe();
        self.runtime.execute(async move {
            loop {
                // Ends early only because the pool is gone.
                select(runtime.sleep(EVERY), pin!(gone.changed())).await;
                let Some(pool) = pool.upgrade() else { return };
                if !pool.evict(&key) {
                    return;
                }
            }
        });
    }

    /// Looks once. False if nothing is left to look after.
    fn evict(&self, key: &Key) -> bool {
        self.with(key, |host| {
            if let Some(since) = Instant::now().checked_sub(KEPT) {
                host.evict(since);
            }
            host.watched = !host.is_empty();
            host.watched
        })
    }
}
