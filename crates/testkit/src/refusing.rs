//! An address that refuses connections.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A loopback port that is bound but not listened on: every connection attempt is refused.
///
/// Because the port is bound, no other program can take it, so connections are refused as long as the value lives.
///
/// # Example
///
/// ```
/// let nobody = catena_testkit::Refusing::new()?;
/// let error = std::net::TcpStream::connect(nobody.address()).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Refusing {
    address: SocketAddr,
    // Bound, and never listening; closed on drop.
    _socket: TcpSocket,
}

impl Refusing {
    /// Binds a free port.
    ///
    /// # Errors
    ///
    /// If the operating system provides no socket or no port.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let nobody = catena_testkit::Refusing::new()?;
    /// # Ok(()) }
    /// ```
    pub fn new() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: socket.local_addr()?, _socket: socket })
    }

    /// Returns the address that refuses connections.
    ///
    /// ```
    /// assert!(catena_testkit::Refusing::new()?.address().ip().is_loopback());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address as `http://127.0.0.1:PORT`, without a trailing slash.
    ///
    /// ```
    /// assert!(catena_testkit::Refusing::new()?.url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
