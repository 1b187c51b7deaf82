//! What the server has seen.

use std::net::SocketAddr;

use super::Server;
use crate::recorded::Recorded;

/// Asking.
impl Server {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// let server = Server::replay([Reply::text(200, "hi")]);
    /// assert!(server.url().starts_with("http://127.0.0.1:"));
    /// ```
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert!(Server::replay([Reply::never()]).address().ip().is_loopback());
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All requests that have arrived in full, in order of arrival.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert!(Server::replay([Reply::never()]).requests().is_empty());
    /// ```
    pub fn requests(&self) -> Vec<Recorded> {
        self.log.read(|seen| seen.requests.clone())
    }

    /// How many connections were accepted so far.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).connections(), 0);
    /// ```
    pub fn connections(&self) -> usize {
        self.log.read(|seen| seen.connections)
    }

    /// How many connections are open now, idle ones included.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).open_connections(), 0);
    /// ```
    pub fn open_connections(&self) -> usize {
        self.log.read(|seen| seen.open_connections)
    }

    /// How many times a client closed its connection while an answer was still due: proof that dropping a
    /// call closes its connection. Also counted is a client that shuts down only its sending side.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).disconnects(), 0);
    /// ```
    pub fn disconnects(&self) -> usize {
        self.log.read(|seen| seen.disconnects)
    }

    /// How many requests are being answered now.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).in_flight(), 0);
    /// ```
    pub fn in_flight(&self) -> usize {
        self.log.read(|seen| seen.in_flight)
    }

    /// The largest number of requests that were being answered at the same time.
    ///
    /// ```
    /// # use catena_testkit::{Reply, Server};
    /// assert_eq!(Server::replay([Reply::never()]).peak_in_flight(), 0);
    /// ```
    pub fn peak_in_flight(&self) -> usize {
        self.log.read(|seen| seen.peak_in_flight)
    }
}
