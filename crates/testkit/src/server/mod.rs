//! The scripted HTTP server.

mod seen;
mod wait;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{self, Handle};

use crate::connection::{Handler, serve};
use crate::gate::Gate;
use crate::log::Log;
use crate::recorded::Recorded;
use crate::reply::Reply;

/// Maximum number of connections waiting to be accepted.
const BACKLOG: u32 = 4096;
/// Delay before accepting again when the process is out of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(5);

/// A scripted HTTP/1.1 server on 127.0.0.1, on a free port.
///
/// It runs on a single thread, handles thousands of concurrent connections, keeps connections alive and records every
/// request. Dropping it closes the port and all connections.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use catena_testkit::{Reply, Server};
///
/// let server = Server::replay([Reply::never()]);
///
/// // A client sends a request and gives up.
/// use std::io::Write;
/// let mut client = std::net::TcpStream::connect(server.address())?;
/// client.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
/// assert!(server.wait_for_requests(1, Duration::from_secs(5)));
/// drop(client);
///
/// assert!(server.wait_for_disconnects(1, Duration::from_secs(5)));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Server {
    address: SocketAddr,
    log: Arc<Log>,
    runtime: Handle,
    stop: Gate,
    thread: Option<JoinHandle<()>>,
}

/// Constructors.
impl Server {
    /// Starts a server that calls `handler` for each reply.
    ///
    /// The handler runs on the server's only thread, so it must not block: use a delay or a gate on the [`Reply`]
    /// instead. If it panics, the client receives status 500 with the panic's message.
    ///
    /// # Panics
    ///
    /// If the operating system provides no port or no thread; see [`Server::try_start`].
    ///
    /// ```
    /// use catena_testkit::{Reply, Server};
    ///
    /// let server = Server::start(|request| Reply::json(200, serde_json::json!({"path": request.path()})));
    /// ```
    pub fn start(handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        match Self::try_start(handler) {
            Ok(server) => server,
            // A test cannot recover from this, and the message is complete.
            Err(error) => panic!("the test server cannot start: {error}"),
        }
    }

    /// Like [`Server::start`], for programs that must not panic.
    ///
    /// # Errors
    ///
    /// If the operating system provides no port or no thread.
    ///
    /// ```
    /// use catena_testkit::{Reply, Server};
    ///
    /// let server = Server::try_start(|_| Reply::text(200, "hello"))?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_start(handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        Self::try_start_at((Ipv4Addr::LOCALHOST, 0).into(), handler)
    }

    /// Like [`Server::try_start`], at a given address, such as that of a dropped server in order to restart it.
    ///
    /// # Errors
    ///
    /// If the port is in use, or the operating system provides no thread.
    ///
    /// ```
    /// use catena_testkit::{Reply, Server};
    ///
    /// let server = Server::replay([Reply::text(200, "first")]);
    /// let address = server.address();
    /// drop(server); // closes the port and all connections
    /// let server = Server::try_start_at(address, |_| Reply::text(200, "second"))?;
    /// assert_eq!(server.address(), address);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn try_start_at(
        address: SocketAddr,
        handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (log, stop) = (Arc::new(Log::default()), Gate::new());
        let (started, start) = mpsc::sync_channel(1);
        let thread = thread::Builder::new().name("catena-test-server".to_owned()).spawn({
            let (log, stop) = (Arc::clone(&log), stop.clone());
            move || run(address, Arc::new(handler), log, &stop, &started)
        })?;
        let (address, runtime) = start.recv().map_err(|_| io::Error::other("the server thread died"))??;
        Ok(Self { address, log, runtime, stop, thread: Some(thread) })
    }

    /// Starts a server that gives these replies in order, one per request, and then repeats the last one. Without any
    /// reply it responds with status 500.
    ///
    /// # Panics
    ///
    /// As for [`Server::start`].
    ///
    /// ```
    /// use catena_testkit::{Reply, Server};
    ///
    /// let server = Server::replay([Reply::text(503, "busy"), Reply::text(200, "done")]);
    /// ```
    pub fn replay(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        let next = AtomicUsize::new(0);
        Self::start(move |_| {
            let reply = replies.get(next.fetch_add(1, Ordering::Relaxed)).or(replies.last());
            reply.cloned().unwrap_or_else(|| Reply::text(500, "no reply was scripted"))
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.open();
        let Some(thread) = self.thread.take() else { return };
        // A handler that owns its server would wait for itself.
        if thread.thread().id() != thread::current().id() {
            // Panics of handlers are caught, and any other is already shown on standard error.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("seen", &self.log)
            .finish_non_exhaustive()
    }
}

/// The main function of the server's thread: reports the address or why there is none, then serves until `stop`.
fn run(
    address: SocketAddr,
    handler: Handler,
    log: Arc<Log>,
    stop: &Gate,
    started: &mpsc::SyncSender<io::Result<(SocketAddr, Handle)>>,
) {
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error))),
    };
    runtime.block_on(async {
        let listening = listen(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let listener = match listening {
            Ok((address, listener)) => started.send(Ok((address, Handle::current()))).map(|()| listener).ok(),
            Err(error) => started.send(Err(error)).err().and(None),
        };
        if let Some(listener) = listener {
            tokio::spawn(accept(listener, handler, log));
            stop.wait().await;
        }
    });
    // Dropping the runtime drops its tasks, and with them the port and every connection.
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Otherwise the port would stay in use while the system remembers connections of the previous server.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, handler: Handler, log: Arc<Log>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        // Otherwise a part could wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream, log.connected(), Arc::clone(&handler)));
    }
}
