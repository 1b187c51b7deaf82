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

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;
/// How long to wait when the process has no file descriptor left for the next connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(5);

/// A scripted HTTP/1.1 server on 127.0.0.1, on a port of its own choice.
///
/// It runs on one thread of its own, accepts thousands of connections at once, keeps connections alive and
/// records every request. Dropping it closes the port and all connections.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use catena_testkit::{Reply, Server};
///
/// let server = Server::replay([Reply::never()]);
///
/// // A client asks and loses patience.
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

/// Starting.
impl Server {
    /// Starts a server that asks `handler` for each reply.
    ///
    /// The handler runs on the server's only thread, so it must not block: let the [`Reply`] wait instead.
    /// If it panics, the client gets status 500 with the panic's message.
    ///
    /// # Panics
    ///
    /// When the operating system gives out no port or no thread; see [`Server::try_start`].
    ///
    /// ```
    /// use catena_testkit::{Reply, Server};
    ///
    /// let server = Server::start(|request| Reply::json(200, serde_json::json!({"path": request.path()})));
    /// ```
    pub fn start(handler: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        match Self::try_start(handler) {
            Ok(server) => server,
            // A test can do nothing about it, and the message says all there is to say.
            Err(error) => panic!("the test server cannot start: {error}"),
        }
    }

    /// Like [`Server::start`], for programs that must not panic.
    ///
    /// # Errors
    ///
    /// When the operating system gives out no port or no thread.
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

    /// Like [`Server::try_start`], at the address of a server that is gone: together with dropping that one, a restart.
    ///
    /// # Errors
    ///
    /// When another program has taken the port, or the operating system gives out no thread.
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

    /// Starts a server that gives these replies one after the other, in the order in which requests arrive,
    /// and the last one again and again. Without any reply it answers with status 500.
    ///
    /// # Panics
    ///
    /// As [`Server::start`].
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
            // Panics of handlers are caught, and others show on stderr already.
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

/// The body of the server's thread: reports the address or why there is none, then serves until `stop`.
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
    // Else the port would stay taken while the system remembers connections of the server before.
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
        // Without it a part could wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream, log.connected(), Arc::clone(&handler)));
    }
}
