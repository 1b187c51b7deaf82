//! What the server has seen.

use std::net::SocketAddr;

use super::Server;
use crate::recorded::Recorded;

/// Queries.
impl Server {
    /// Returns `http://127.0.0.1:PORT`, without a trailing slash.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::replay([Reply::text(200, "hi")]);
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the address that the server listens on.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert!(Server::replay([Reply::never()]).address().ip().is_loopback());
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns all requests that have arrived completely, in order of arrival.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert!(Server::replay([Reply::never()]).requests().is_empty());
    /// ```
    pub fn requests(&self) -> Vec<Recorded> {
        self.log.read(|seen| seen.requests.clone())
    }

    /// Returns the number of connections accepted so far.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).connections(), 0);
    /// ```
    pub fn connections(&self) -> usize {
        self.log.read(|seen| seen.connections)
    }

    /// Returns the number of open connections, including idle ones.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).open_connections(), 0);
    /// ```
    pub fn open_connections(&self) -> usize {
        self.log.read(|seen| seen.open_connections)
    }

    /// Returns how often a client closed its connection while a response was due, which proves that dropping a call
    /// closes its connection. Also counts clients that shut down only their sending side.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).disconnects(), 0);
    /// ```
    pub fn disconnects(&self) -> usize {
        self.log.read(|seen| seen.disconnects)
    }

    /// Returns the number of requests in flight.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).in_flight(), 0);
    /// ```
    pub fn in_flight(&self) -> usize {
        self.log.read(|seen| seen.in_flight)
    }

    /// Returns the maximum number of requests in flight so far.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).peak_in_flight(), 0);
    /// ```
    pub fn peak_in_flight(&self) -> usize {
        self.log.read(|seen| seen.peak_in_flight)
    }
}
