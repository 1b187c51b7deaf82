//! The record of what the server has seen, to query and to wait for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::recorded::Recorded;
use crate::request_reader::Incoming;

/// Shared by the server's handle and its connections.
#[derive(Debug, Default)]
pub(crate) struct Log {
    seen: Mutex<Seen>,
    changed: Condvar,
    /// The same notifications, for async waiters.
    news: watch::Sender<()>,
}

/// The counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: Vec<Recorded>,
    pub(crate) connections: usize,
    pub(crate) open_connections: usize,
    pub(crate) disconnects: usize,
    pub(crate) in_flight: usize,
    pub(crate) peak_in_flight: usize,
}

impl Log {
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.lock())
    }

    /// Blocks until `reached`, or until `timeout`; returns whether it was reached.
    pub(crate) fn wait(&self, timeout: Duration, reached: impl Fn(&Seen) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, |seen| !reached(seen));
        let (seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        reached(&seen)
    }

    /// Waits until `reached`, without blocking.
    pub(crate) async fn reached(&self, reached: impl Fn(&Seen) -> bool) {
        let mut news = self.news.subscribe();
        while !self.read(&reached) {
            // Fails only without a sender, and `self` is the sender.
            let _ = news.changed().await;
        }
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn connected(self: &Arc<Self>) -> OpenConnection {
        let number = self.change(|seen| {
            seen.connections += 1;
            seen.open_connections += 1;
            seen.connections - 1
        });
        OpenConnection { number, log: Arc::clone(self) }
    }

    fn change<T>(&self, update: impl FnOnce(&mut Seen) -> T) -> T {
        let result = update(&mut self.lock());
        self.changed.notify_all();
        self.news.send_replace(());
        result
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Every update consists of a few assignments that cannot panic, so the data is consistent even if the lock is
        // poisoned.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An accepted connection.
pub(crate) struct OpenConnection {
    number: usize,
    log: Arc<Log>,
}

impl OpenConnection {
    /// Records a request, which is in flight until the guard is dropped.
    pub(crate) fn record(&self, incoming: Incoming) -> (Recorded, InFlight) {
        let arrived = Instant::now();
        let request = self.log.change(|seen| {
            let request = Recorded::new(seen.requests.len(), self.number, arrived, incoming);
            seen.requests.push(request.clone());
            seen.in_flight += 1;
            seen.peak_in_flight = seen.peak_in_flight.max(seen.in_flight);
            request
        });
        (request, InFlight { due: true, log: Arc::clone(&self.log) })
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.log.change(|seen| seen.open_connections -= 1);
    }
}

/// A request whose response is due.
pub(crate) struct InFlight {
    due: bool,
    log: Arc<Log>,
}

impl InFlight {
    /// Marks the response as complete. Call it before sending the last byte, so that a client that has seen the end
    /// never finds its own request in flight.
    pub(crate) fn finish(&mut self) {
        let was_due = std::mem::take(&mut self.due);
        self.log.change(|seen| seen.in_flight -= usize::from(was_due));
    }

    /// Records that the client disconnected before the end of its response.
    pub(crate) fn disconnect(&mut self) {
        let was_due = std::mem::take(&mut self.due);
        self.log.change(|seen| {
            seen.in_flight -= usize::from(was_due);
            seen.disconnects += 1;
        });
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.finish();
    }
}
