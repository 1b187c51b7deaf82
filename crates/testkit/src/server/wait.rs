//! Waiting for what the server should see.

use std::sync::Arc;
use std::time::Duration;

use super::Server;
use crate::log::Seen;

/// Blocking and asynchronous waits.
///
/// In asynchronous tests, use the `_async` methods: if a blocking one holds the only thread of a runtime, the client
/// under test makes no progress, and the awaited event never happens. Both kinds work on every executor.
impl Server {
    /// Blocks the thread until at least `count` requests have arrived, or until `timeout`; returns whether they have.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use catena_testkit::{Reply, Server};
    /// assert!(!Server::replay([Reply::never()]).wait_for_requests(1, Duration::ZERO));
    /// ```
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.log.wait(timeout, |seen| seen.requests.len() >= count)
    }

    /// Waits until at least `count` requests have arrived, or until `timeout`; returns whether they have.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use catena_testkit::Server;
    /// async fn check(server: &Server) {
    ///     assert!(server.wait_for_requests_async(1, Duration::from_secs(5)).await);
    /// }
    /// ```
    pub async fn wait_for_requests_async(&self, count: usize, timeout: Duration) -> bool {
        self.reached(timeout, move |seen| seen.requests.len() >= count).await
    }

    /// Blocks the thread until [`Server::disconnects`] is at least `count`, or until `timeout`; returns whether it is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use catena_testkit::{Reply, Server};
    /// assert!(!Server::replay([Reply::never()]).wait_for_disconnects(1, Duration::ZERO));
    /// ```
    pub fn wait_for_disconnects(&self, count: usize, timeout: Duration) -> bool {
        self.log.wait(timeout, |seen| seen.disconnects >= count)
    }

    /// Waits until [`Server::disconnects`] is at least `count`, or until `timeout`; returns whether it is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use catena_testkit::Server;
    /// async fn check(server: &Server) {
    ///     assert!(server.wait_for_disconnects_async(1, Duration::from_secs(5)).await);
    /// }
    /// ```
    pub async fn wait_for_disconnects_async(&self, count: usize, timeout: Duration) -> bool {
        self.reached(timeout, move |seen| seen.disconnects >= count).await
    }

    /// Blocks the thread until no connection is open, or until `timeout`; returns whether none is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use catena_testkit::{Reply, Server};
    /// assert!(Server::replay([Reply::never()]).wait_for_close(Duration::ZERO));
    /// ```
    pub fn wait_for_close(&self, timeout: Duration) -> bool {
        self.log.wait(timeout, |seen| seen.open_connections == 0)
    }

    /// Waits until no connection is open, or until `timeout`; returns whether none is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use catena_testkit::Server;
    /// async fn check(server: &Server) {
    ///     assert!(server.wait_for_close_async(Duration::from_secs(5)).await);
    /// }
    /// ```
    pub async fn wait_for_close_async(&self, timeout: Duration) -> bool {
        self.reached(timeout, |seen| seen.open_connections == 0).await
    }

    /// Waits on the server's runtime, because the caller's executor may have no timer.
    async fn reached(&self, timeout: Duration, reached: impl Fn(&Seen) -> bool + Send + 'static) -> bool {
        let log = Arc::clone(&self.log);
        let waiting = self.runtime.spawn(async move {
            // The timer must be created within the runtime.
            tokio::time::timeout(timeout, log.reached(reached)).await.is_ok()
        });
        // Fails if the server has stopped, after which nothing more will arrive.
        waiting.await.unwrap_or(false)
    }
}
