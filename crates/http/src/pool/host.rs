//! The state of a server, and the connections to it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use catena_core::Error;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, watch};

use super::Key;
use super::connection::{Http1, Http2Sender, UNKNOWN_LIMIT};
use crate::runtime_pools::OnRuntime;
use crate::wire::Traffic;

/// A server known to a pool. Looked up once per request.
pub(super) struct Host {
    pub(super) key: Key,
    pub(super) runtime: OnRuntime,
    /// Closed when the pool is dropped.
    pub(super) pool: watch::Receiver<()>,
    connections: Mutex<Connections>,
}

impl Host {
    pub(super) fn new(key: Key, runtime: OnRuntime, pool: watch::Receiver<()>) -> Self {
        Self { key, runtime, pool, connections: Mutex::default() }
    }

    pub(super) fn with<T>(&self, change: impl FnOnce(&mut Connections) -> T) -> T {
        // No code panics while holding the lock and leaves the connections inconsistent.
        change(&mut self.connections.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The connections to a server.
#[derive(Default)]
pub(super) struct Connections {
    /// Idle HTTP/1.1 connections, the most recent last.
    pub(super) idle: Vec<Idle>,
    /// HTTP/2 connections.
    shards: Vec<Shard>,
    speaks: Option<Protocol>,
    /// Connections being opened that others may wait for, including those that just failed while another is usable.
    opening: usize,
    /// Number of those that failed, and the last error.
    failures: usize,
    failure: Option<Error>,
    news: Arc<Notify>,
    /// Whether a task checks for idle connections.
    pub(super) watched: bool,
}

/// The protocol that the server selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// An idle HTTP/1.1 connection.
pub(super) struct Idle {
    pub(super) connection: Http1,
    pub(super) since: Instant,
}

/// An HTTP/2 connection and the requests on it.
pub(super) struct Shard {
    sender: Http2Sender,
    load: Arc<Load>,
    idle_since: Instant,
    /// Used since the last check.
    used: bool,
}

/// The load of an HTTP/2 connection.
#[derive(Debug)]
pub(super) struct Load {
    in_flight: AtomicUsize,
    /// The server's limit, or [`UNKNOWN_LIMIT`] until it is known.
    pub(super) limit: AtomicUsize,
    pub(super) news: Arc<Notify>,
    /// The connection came to its end, rather than that its runtime did.
    pub(super) ended: AtomicBool,
    traffic: Arc<Traffic>,
    /// Number of bytes received when the connection became suspect, or [`NOT_SUSPECT`].
    suspect_at: AtomicU64,
}

/// More bytes than any connection receives.
const NOT_SUSPECT: u64 = u64::MAX;

impl Load {
    fn is_known(&self) -> bool {
        self.limit.load(Ordering::Acquire) != UNKNOWN_LIMIT
    }

    /// Returns true if there is room for another request. If the server currently allows none, one request may queue.
    fn has_room(&self) -> bool {
        let limit = if self.is_known() { self.limit.load(Ordering::Acquire).max(1) } else { 1 };
        self.in_flight.load(Ordering::Acquire) < limit
    }

    /// Returns true if nothing has been received since the connection became suspect.
    fn is_suspect(&self) -> bool {
        self.suspect_at.load(Ordering::Acquire) == self.traffic.received()
    }

    fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }
}

/// A request's slot on an HTTP/2 connection, released on drop.
#[derive(Debug)]
pub(super) struct Slot(Arc<Load>);

impl Slot {
    pub(super) fn traffic(&self) -> &Traffic {
        &self.0.traffic
    }

    /// Returns true if the connection came to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.0.ended.load(Ordering::Acquire)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::AcqRel);
        self.0.news.notify_one();
    }
}

/// What a request in need of a connection should do.
pub(super) enum Step {
    /// Use this connection.
    Http1(Http1),
    /// Use this connection.
    Http2(Http2Sender, Slot),
    /// Open a connection that no other request waits for.
    OpenAlone,
    /// Open a connection that others may use as well.
    OpenForAll,
    /// Wait for a change. Includes the number of failures so far.
    Wait(OwnedNotified, usize),
}

impl Connections {
    /// Returns the next step of a request. `may_share` is false if only HTTP/1.1 is possible.
    pub(super) fn next_step(&mut self, may_share: bool) -> Step {
        while let Some(idle) = self.idle.pop() {
            if !idle.connection.is_closed() {
                return Step::Http1(idle.connection);
            }
        }
        if !may_share || self.speaks == Some(Protocol::Http1) {
            return Step::OpenAlone;
        }
        self.shards.retain(|shard| !shard.sender.is_closed());
        let has_room = |shard: &&mut Shard| shard.load.has_room() && !shard.load.is_suspect();
        if let Some(shard) = self.shards.iter_mut().find(has_room) {
            return Step::Http2(shard.sender.clone(), shard.take());
        }
        // At most as many at once as there are already: a burst doubles the connections until there is room, and no
        // further.
        let usable = || self.shards.iter().filter(|shard| !shard.load.is_suspect());
        let unknown = usable().filter(|shard| !shard.load.is_known()).count();
        if self.opening + unknown < usable().count().max(1) {
            self.opening += 1;
            return Step::OpenForAll;
        }
        // Created under the lock, so that no notification is lost between check and wait.
        Step::Wait(Arc::clone(&self.news).notified_owned(), self.failures)
    }

    /// Wakes the next waiter: a single notification may stand for two free slots.
    pub(super) fn pass_on(&self) {
        self.news.notify_one();
    }

    /// Records that a connection turned out to speak HTTP/1.1.
    pub(super) fn speaks_http1(&mut self) {
        self.speaks = Some(Protocol::Http1);
    }

    /// Adds an HTTP/2 connection, with a slot on it for whoever opened it.
    pub(super) fn add(&mut self, sender: &Http2Sender, load: Arc<Load>) -> Slot {
        self.speaks = Some(Protocol::Http2);
        let mut shard = Shard { sender: sender.clone(), load, idle_since: Instant::now(), used: false };
        let slot = shard.take();
        self.shards.push(shard);
        slot
    }

    pub(super) fn load(&self, traffic: Arc<Traffic>) -> Arc<Load> {
        Arc::new(Load {
            in_flight: AtomicUsize::new(0),
            limit: AtomicUsize::new(UNKNOWN_LIMIT),
            news: Arc::clone(&self.news),
            ended: AtomicBool::new(false),
            traffic,
            suspect_at: AtomicU64::new(NOT_SUSPECT),
        })
    }

    /// Removes the HTTP/2 connections that closed. To be dropped after the lock is released, because that runs foreign
    /// code.
    pub(super) fn take_closed(&mut self) -> Vec<Shard> {
        self.shards.extract_if(.., |shard| shard.sender.is_closed()).collect()
    }

    /// Records that opening a connection that others wait for succeeded or failed.
    pub(super) fn opened(&mut self, failure: Option<Error>) {
        self.opening -= 1;
        if failure.is_some() {
            self.failures += 1;
            self.failure = failure;
        }
        self.news.notify_waiters();
    }

    /// Returns true if there is a usable shared connection, with or without room.
    pub(super) fn serves(&self) -> bool {
        self.shards.iter().any(|shard| !shard.sender.is_closed() && !shard.load.is_suspect())
    }

    /// Stops using connections that may be dead, after one was silent since `since` although a response was due. A
    /// firewall or load balancer that fails over forgets all connections at once and resets none of them. Connections
    /// idle since then are closed; shared ones, which other requests may still use, are suspect until they receive
    /// something.
    pub(super) fn suspect(&mut self, since: Instant) {
        self.idle.retain(|idle| idle.since > since);
        for Shard { load, .. } in &self.shards {
            load.suspect_at.store(load.traffic.received(), Ordering::Release);
        }
    }

    /// Returns the last error if opening a connection has failed since `failures` was read.
    pub(super) fn failure_since(&self, failures: usize) -> Option<Error> {
        (self.failures > failures).then(|| self.failure.clone()).flatten()
    }

    /// Closes connections that have been idle since `since` or earlier, and removes closed ones.
    pub(super) fn evict(&mut self, since: Instant) {
        self.idle.retain(|idle| idle.since > since && !idle.connection.is_closed());
        self.idle.shrink_to(self.idle.len() * 2);
        let now = Instant::now();
        self.shards.retain_mut(|shard| {
            // Most requests start and end between two checks.
            if std::mem::take(&mut shard.used) || !shard.load.is_idle() {
                shard.idle_since = now;
            }
            shard.idle_since > since && !shard.sender.is_closed()
        });
    }

    /// Returns true if there is nothing to evict, now or later.
    pub(super) fn is_empty(&self) -> bool {
        self.idle.is_empty() && self.shards.is_empty()
    }
}

impl Shard {
    fn take(&mut self) -> Slot {
        self.used = true;
        self.load.in_flight.fetch_add(1, Ordering::AcqRel);
        Slot(Arc::clone(&self.load))
    }
}
