//! HTTP/1.1 and HTTP/2 handshakes, and the tasks that drive connections.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use catena_core::Result;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Executor, Timer};
use hyper_util::rt::TokioIo;

use super::host::{Connections, Host, Load};
use crate::failure;
use crate::runtime_pools::OnRuntime;
use crate::wire::{Traffic, Wire};

/// Maximum size of a response head, and of a chunk of the body that is read at once.
const MAX_HEAD: usize = 64 << 10;

/// Flow-control window of a stream, in bytes: how much of a response a server may send ahead of the reader. With a
/// round-trip time of 100 ms this allows 10 MB/s.
const STREAM_WINDOW: u32 = 1 << 20;

/// Flow-control window of a connection. It has room for the windows of all streams, so that a response that is not read
/// does not hold up the others; and buffered data is bounded by one window per request in flight.
const CONNECTION_WINDOW: u32 = 1 << 30;

/// Maximum number of streams on a connection, whatever the server allows.
const MOST_STREAMS: usize = (CONNECTION_WINDOW / STREAM_WINDOW) as usize;

/// Placeholder for the server's limit on streams until it is known. No server sends this value: it is more than any
/// needs, and not the maximum, which stands for "no limit".
pub(super) const UNKNOWN_LIMIT: usize = u32::MAX as usize - 1;

/// Silence, with requests in flight, after which the server is pinged.
const PING_AFTER: Duration = Duration::from_secs(20);
/// Time that the server has to answer a ping.
const PONG_WITHIN: Duration = Duration::from_secs(10);

type Http2Connection = http2::Connection<TokioIo<Wire>, Full<Bytes>, OnRuntime>;

pub(super) type Http2Sender = http2::SendRequest<Full<Bytes>>;

/// An HTTP/1.1 connection.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Full<Bytes>>,
    pub(super) traffic: Arc<Traffic>,
    /// Requests must use the absolute-form target, for a proxy.
    pub(super) proxied: bool,
}

impl Http1 {
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// Performs an HTTP/1.1 handshake over `wire`.
pub(super) async fn http1(wire: Wire, proxied: bool, runtime: &OnRuntime, url: &Uri) -> Result<Http1> {
    let traffic = wire.traffic();
    let handshake = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .max_header_size(MAX_HEAD)
        .handshake(TokioIo::new(wire))
        .await;
    let (sender, connection) = handshake.map_err(|error| failure::no_handshake(url, error))?;
    runtime.execute(async {
        // An error reaches the request that is waiting; if none is, it does not matter.
        let _ = connection.await;
    });
    Ok(Http1 { sender, traffic, proxied })
}

/// Performs an HTTP/2 handshake over `wire`, and keeps `load` up to date with the server's limit on streams. `host` is
/// where the connection will be added.
pub(super) async fn http2(
    wire: Wire,
    load: Arc<Load>,
    host: Weak<Host>,
    runtime: &OnRuntime,
    url: &Uri,
) -> Result<Http2Sender> {
    let handshake = http2::Builder::new(runtime.clone())
        .timer(runtime.clone())
        .initial_max_send_streams(UNKNOWN_LIMIT)
        .max_header_list_size(MAX_HEAD as u32)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PONG_WITHIN)
        .handshake(TokioIo::new(wire))
        .await;
    let (sender, connection) = handshake.map_err(|error| failure::no_handshake(url, error))?;
    runtime.execute(drive(connection, End { load, host }, runtime.clone()));
    Ok(sender)
}

/// Drives a connection to its end, or to that of the runtime.
async fn drive(connection: Http2Connection, end: End, runtime: OnRuntime) {
    // The connection is dropped before `end` is: only then is it seen as closed.
    drive_to_end(connection, &end.load, runtime).await;
}

/// On drop, removes a connection that was closed from its host, and then notifies those waiting for room on it.
struct End {
    load: Arc<Load>,
    host: Weak<Host>,
}

impl Drop for End {
    fn drop(&mut self) {
        // A request may be left in the queue of the connection until all its senders are dropped.
        drop(self.host.upgrade().map(|host| host.with(Connections::take_closed)));
        self.load.news.notify_waiters();
    }
}

/// Drives a connection, and notifies those waiting for room once the server's limit is known.
///
/// The library reads the limit in a task of its own and wakes nobody, so it has to be polled for, at growing intervals.
async fn drive_to_end(connection: Http2Connection, load: &Load, runtime: OnRuntime) {
    let mut connection = pin!(connection);
    let mut pause = Duration::from_millis(1);
    loop {
        let mut look_again = runtime.sleep(pause);
        let ended = poll_fn(|cx| {
            let ended = connection.as_mut().poll(cx).is_ready();
            let limit = match connection.current_max_send_streams() {
                UNKNOWN_LIMIT => UNKNOWN_LIMIT,
                allowed => allowed.min(MOST_STREAMS),
            };
            if load.limit.swap(limit, Ordering::AcqRel) != limit {
                load.news.notify_waiters();
            }
            match (ended, limit) {
                (true, _) => Poll::Ready(true),
                (false, UNKNOWN_LIMIT) => look_again.as_mut().poll(cx).map(|()| false),
                (false, _) => Poll::Pending,
            }
        });
        if ended.await {
            load.ended.store(true, Ordering::Release);
            return;
        }
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;
    use std::task::{Context, Wake};

    use catena_core::ErrorKind;
    use http::{Request, Version};
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::runtime::Handle;
    use tokio::sync::watch;
    use tokio::time::Instant;

    use super::super::Key;
    use super::super::host::Step;
    use super::*;

    /// A server to which there is no connection yet.
    pub(in super::super) fn host() -> Arc<Host> {
        let url = Uri::from_static("https://h.test");
        Arc::new(Host::new(Key::of(&url), OnRuntime(Handle::current()), watch::channel(()).1))
    }

    /// A connection to a server that says nothing, not yet added to `host`, its load, and the server's end of it.
    pub(in super::super) async fn connected(host: &Arc<Host>) -> (Http2Sender, Arc<Load>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let wire = Wire::plain(TcpStream::connect(address).await.expect("a connection"));
        let url: Uri = format!("https://{address}/").parse().expect("a URL");
        let load = host.with(|connections| connections.load(wire.traffic()));
        let there = Arc::downgrade(host);
        let sender = http2(wire, Arc::clone(&load), there, &host.runtime, &url).await.expect("a connection");
        (sender, load, listener.accept().await.expect("the other end").0)
    }

    #[tokio::test]
    async fn a_connection_in_use_is_not_evicted_between_requests() {
        let host = host();
        let (sender, load, _server) = connected(&host).await;
        let start = std::time::Instant::now();
        host.with(|connections| {
            drop(connections.add(&sender, load));
            connections.evict(start);
            let since = std::time::Instant::now();
            let Step::Http2(_, slot) = connections.next_step(true) else { panic!("it has room") };
            drop(slot);
            connections.evict(since);
            assert!(!connections.is_empty(), "it was used since");
            connections.evict(std::time::Instant::now());
            assert!(connections.is_empty(), "it was not used since");
        });
    }

    #[tokio::test]
    async fn a_suspect_connection_holds_nobody_up() {
        let host = host();
        let next_step = || host.with(|connections| connections.next_step(true));
        // The server has not even sent its settings, so for all anyone knows it has room for a single request.
        let (sender, load, mut server) = connected(&host).await;
        drop(host.with(|connections| connections.add(&sender, load)));
        host.with(|connections| connections.suspect(std::time::Instant::now()));
        assert!(matches!(next_step(), Step::OpenForAll));
        assert!(matches!(next_step(), Step::Wait(..)), "one is being opened");
        // An empty frame with settings.
        server.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.expect("a connection");
        while !matches!(next_step(), Step::Http2(..)) {
            tokio::task::yield_now().await;
        }
    }

    /// Notes whether the connection is closed for whoever is told to look.
    struct Look(Mutex<(Http2Sender, Option<bool>)>);

    impl Wake for Look {
        fn wake(self: Arc<Self>) {
            let (sender, closed) = &mut *self.0.lock().expect("a note");
            *closed = Some(sender.is_closed());
        }
    }

    #[tokio::test]
    async fn a_connection_is_closed_before_anybody_is_told() {
        let (sender, load, server) = connected(&host()).await;
        let look = Arc::new(Look(Mutex::new((sender, None))));
        let mut told = Box::pin(Arc::clone(&load.news).notified_owned());
        let waker = Arc::clone(&look).into();
        assert!(told.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(server);
        load.news.notified().await;
        assert_eq!(look.0.lock().expect("a note").1, Some(true));
    }

    #[tokio::test]
    async fn nothing_of_a_connection_outlives_it() {
        let host = host();
        let (sender, load, server) = connected(&host).await;
        let _slot = host.with(|connections| connections.add(&sender, Arc::clone(&load)));
        drop(server);
        load.news.notified().await;
        assert!(host.with(|connections| connections.is_empty()), "its sender is kept");
    }

    #[test]
    fn nor_its_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (host, _server) = runtime.block_on(async {
            let host = host();
            let (sender, load, server) = connected(&host).await;
            drop(host.with(|connections| connections.add(&sender, load)));
            (host, server)
        });
        assert!(!host.with(|connections| connections.is_empty()));
        drop(runtime);
        assert!(host.with(|connections| connections.is_empty()), "its sender is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_vanished_is_noticed_by_its_silence() {
        // The system accepts for it, and nobody answers.
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let wire = Wire::plain(TcpStream::connect(address).await.expect("a connection"));
        let url: Uri = format!("https://{address}/").parse().expect("a URL");
        let (load, runtime) = (Connections::default().load(wire.traffic()), OnRuntime(Handle::current()));
        let mut sender = http2(wire, load, Weak::new(), &runtime, &url).await.expect("a connection");
        let mut request = Request::new(Full::new(Bytes::new()));
        (*request.uri_mut(), *request.version_mut()) = (url.clone(), Version::HTTP_2);
        let start = Instant::now();
        let lost = sender.try_send_request(request).await.expect_err("no answer");
        let error = failure::no_answer(&url, false, lost.into_error());
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
        let silence = PING_AFTER + PONG_WITHIN;
        assert!(
            (silence..silence + Duration::from_secs(1)).contains(&start.elapsed()),
            "{:?}",
            start.elapsed()
        );
    }
}
