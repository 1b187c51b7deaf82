//! Connections that several calls wait for: opened whoever is polled, and given up for nobody.

use std::io::Read;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use catena_http::HttpClient;
use futures_util::FutureExt;
use futures_util::future::join_all;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::proxy::relay;
use crate::server::{Server, get, text};
use crate::tls::{secure, server, trusting, trusting_client};

fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A client that does not wait for ever where a test fails.
fn client() -> HttpClient {
    trusting().with_first_byte_timeout(Duration::from_secs(20)).build().unwrap()
}

/// A server whose first connections are silent until this is sent something.
fn late(protocol: &str) -> (Server, Sender<()>) {
    let target = server(protocol).address();
    let (open, opened) = channel();
    let opened = Mutex::new(opened);
    let server = Server::raw(move |stream| {
        if opened.lock().unwrap().recv().is_ok() {
            relay(&stream, &TcpStream::connect(target).unwrap());
        }
    });
    (server, open)
}

#[test]
fn a_call_that_nobody_polls_holds_back_no_other() {
    for protocol in ["h2", "http/1.1"] {
        let ((server, open), client) = (late(protocol), client());
        let url = server.https("/");
        multi().block_on(async {
            let mut first = Box::pin(text(&client, &url));
            assert!((&mut first).now_or_never().is_none());
            // As many as there may be connections.
            for _ in 0..2 {
                open.send(()).unwrap();
            }
            assert_eq!(text(&client, &url).await.unwrap(), "GET /", "{protocol}");
            assert_eq!(first.await.unwrap(), "GET /");
        });
        assert!(server.connections() <= if protocol == "h2" { 1 } else { 2 });
    }
}

#[test]
fn a_call_that_is_given_up_takes_its_connection_from_nobody() {
    for protocol in ["h2", "http/1.1"] {
        let ((server, open), client) = (late(protocol), client());
        let url = server.https("/");
        multi().block_on(async {
            let (mut first, mut second) = (Box::pin(text(&client, &url)), Box::pin(text(&client, &url)));
            assert!((&mut first).now_or_never().is_none());
            assert!((&mut second).now_or_never().is_none());
            drop(first);
            open.send(()).unwrap();
            assert_eq!(second.await.unwrap(), "GET /", "{protocol}");
        });
        // One that speaks HTTP/1.1 may be busy for a moment, and another opened beside it.
        assert!(server.connections() <= if protocol == "h2" { 1 } else { 2 });
    }
}

#[test]
fn a_connection_that_is_being_opened_is_given_up_with_its_client() {
    let (tell, seen) = channel();
    let server = Server::raw(move |mut stream| {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            tell.send(count).unwrap();
        }
        tell.send(0).unwrap();
    });
    let (runtime, client) = (multi(), client());
    let url = server.https("/");
    runtime.block_on(async {
        let mut call = Box::pin(get(&client, &url));
        assert!((&mut call).now_or_never().is_none());
        // It asks for TLS whether or not anybody polls.
        assert_ne!(seen.recv().unwrap(), 0);
        drop(call);
        drop(client);
        assert_eq!(seen.recv().unwrap(), 0);
    });
    while runtime.metrics().num_alive_tasks() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn one_more_connection_that_fails_fails_no_call() {
    // One connection serves one request at a time, and begins when two more were refused.
    let (refused, enough) = watch::channel(Vec::<Instant>::new());
    let target = secure(9999, "h2", false, async move |stream| {
        let enough = enough.clone();
        let service = service_fn(move |_: hyper::Request<hyper::body::Incoming>| {
            let mut enough = enough.clone();
            async move {
                enough.wait_for(|times: &Vec<Instant>| times.len() >= 2).await.map(drop)?;
                Ok::<_, watch::error::RecvError>(hyper::Response::new(Full::new(Bytes::from("served"))))
            }
        });
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.max_concurrent_streams(1).serve_connection(TokioIo::new(stream), service).await;
    });
    let (target, opened, log) = (target.address(), AtomicUsize::new(0), Arc::new(refused));
    let refusals = Arc::clone(&log);
    let server = Server::raw(move |stream| {
        if opened.fetch_add(1, Ordering::SeqCst) == 0 {
            relay(&stream, &TcpStream::connect(target).unwrap());
        } else {
            drop(stream);
            log.send_modify(|times| times.push(Instant::now()));
        }
    });
    let (client, url) = (trusting_client(), server.https("/"));
    for answer in pollster::block_on(join_all((0..5).map(|_| text(&client, &url)))) {
        assert_eq!(answer.unwrap(), "served");
    }
    // Tried again, but not at once.
    let times = refusals.borrow().clone();
    assert!(times[1] - times[0] >= Duration::from_millis(500), "{:?}", times[1] - times[0]);
}
