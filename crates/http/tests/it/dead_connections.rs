//! Dead connections that nothing resets: a firewall or load balancer has forgotten them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Context, ErrorKind};
use catena_http::HttpClient;
use catena_http::service::{Call, Service};
use futures_util::StreamExt;
use futures_util::future::{join_all, select};
use pollster::block_on;
use tokio::sync::Barrier;

use crate::server::{Server, client, get, text};
use crate::service::support::{Hasty, Plain};
use crate::tls::{secure, trusting, trusting_client};

const TOGETHER: usize = 4;

/// Set when all open connections die.
type Forgotten = Arc<AtomicBool>;

/// An HTTP/1.1 server whose first connections wait for one another, so that there are four. A request on a dead one
/// receives `begun` and nothing more.
fn plain(forgotten: &Forgotten, begun: &'static str) -> Server {
    let (forgotten, together) = (Arc::clone(forgotten), Barrier::new(TOGETHER));
    Server::new(move |connection| {
        let was = forgotten.load(Ordering::SeqCst);
        let mut first = !was;
        while connection.request().is_some() {
            if forgotten.load(Ordering::SeqCst) != was {
                connection.write(begun);
                return connection.until_closed();
            }
            if std::mem::take(&mut first) {
                block_on(together.wait());
            }
            connection.answer("hello");
        }
    })
}

/// The same over HTTP/2, with `room` requests in flight per connection.
fn shared(forgotten: &Forgotten, room: u32) -> Server {
    let (forgotten, together) = (Arc::clone(forgotten), Barrier::new(TOGETHER));
    secure(9999, "h2", false, async move |stream| {
        let was = forgotten.load(Ordering::SeqCst);
        let mut builder = h2::server::Builder::new();
        let Ok(mut connection) = builder.max_concurrent_streams(room).handshake(stream).await else { return };
        let mut first = !was && room == 1;
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            if forgotten.load(Ordering::SeqCst) != was {
                // No longer polled, so that not even a ping is answered.
                std::future::pending::<()>().await;
            }
            if std::mem::take(&mut first) {
                together.wait().await;
            }
            let mut body = respond.send_response(http::Response::new(()), false).unwrap();
            body.send_data(Bytes::from("hello"), true).unwrap();
        }
    })
}

fn service(url: &str, client: HttpClient, retries: usize) -> Service {
    let service = Service::builder(url, Plain).with_http_client(client).with_max_retries(retries);
    let limit = Duration::from_millis(500);
    let service = service.with_first_byte_timeout(limit).with_idle_timeout(limit);
    service.with_timer(Arc::new(Hasty::default())).build().unwrap()
}

/// Opens `connections`, which then die, and makes a call that is retried once; then several at once without retries.
#[track_caller]
fn check(server: &Server, url: &str, client: HttpClient, forgotten: &Forgotten, connections: usize) {
    let opened = block_on(join_all((0..TOGETHER).map(|_| text(&client, url))));
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    assert_eq!(server.connections(), connections);
    forgotten.store(true, Ordering::SeqCst);
    let cx = Context::default();
    let (once, twice) = (service(url, client.clone(), 0), service(url, client, 1));
    assert_eq!(block_on(twice.send(Call::get("a"), &cx)).unwrap().body, "hello");
    assert_eq!(server.connections(), connections + 1);
    let calls = (0..TOGETHER).map(|_| once.send(Call::get("a"), &cx));
    for answer in block_on(join_all(calls)) {
        assert_eq!(answer.unwrap().body, "hello");
    }
}

#[test]
fn a_retry_after_a_timeout_opens_a_new_connection() {
    let forgotten = Forgotten::default();
    let server = plain(&forgotten, "");
    check(&server, &server.url("/"), client(), &forgotten, TOGETHER);
}

#[test]
fn so_does_one_after_a_body_that_stalled() {
    let forgotten = Forgotten::default();
    let server = plain(&forgotten, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel");
    check(&server, &server.url("/"), client(), &forgotten, TOGETHER);
}

#[test]
fn so_does_one_over_http2() {
    for (room, connections) in [(1, TOGETHER), (100, 1)] {
        let forgotten = Forgotten::default();
        let server = shared(&forgotten, room);
        check(&server, &server.https("/"), trusting_client(), &forgotten, connections);
    }
}

#[test]
fn so_does_a_call_after_one_that_was_cancelled_late() {
    let forgotten = Forgotten::default();
    let server = shared(&forgotten, 100);
    let (client, url) = (trusting_client(), server.https("/"));
    block_on(text(&client, &url)).unwrap();
    forgotten.store(true, Ordering::SeqCst);
    // The pool reads the real clock.
    let patience = smol::Timer::after(Duration::from_millis(1050));
    block_on(select(Box::pin(get(&client, &url)), patience));
    assert_eq!(block_on(text(&client, &url)).unwrap(), "hello");
    assert_eq!(server.connections(), 2);
}

#[test]
fn so_does_a_call_after_several_that_were_cancelled_earlier() {
    let forgotten = Forgotten::default();
    let server = shared(&forgotten, 100);
    let (client, url) = (trusting_client(), server.https("/"));
    block_on(text(&client, &url)).unwrap();
    forgotten.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let patience = smol::Timer::after(Duration::from_millis(550));
        block_on(select(join_all((0..TOGETHER).map(|_| Box::pin(get(&client, &url)))), patience));
    }
    assert_eq!(block_on(text(&client, &url)).unwrap(), "hello");
    assert_eq!(server.connections(), 2);
}

/// A server that never answers `/never` and notifies when that is requested, and never completes the body of `/half`.
fn selective() -> (Server, Arc<tokio::sync::Notify>) {
    let asked = Arc::new(tokio::sync::Notify::new());
    let tell = Arc::clone(&asked);
    let server = secure(9999, "h2", false, async move |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        let (mut never, mut halves) = (Vec::new(), Vec::new());
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            if request.uri().path() == "/never" {
                never.push(respond);
                tell.notify_one();
            } else if request.uri().path() == "/half" {
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data(Bytes::from("half"), false).unwrap();
                halves.push(body);
            } else {
                respond.send_response(http::Response::new(()), true).unwrap();
            }
        }
    });
    (server, asked)
}

#[test]
fn a_call_cancelled_early_says_nothing_about_its_connection() {
    let ((server, asked), client) = (selective(), trusting_client());
    block_on(async {
        text(&client, &server.https("/")).await.unwrap();
        for _ in 0..3 {
            select(Box::pin(get(&client, &server.https("/never"))), Box::pin(asked.notified())).await;
        }
        text(&client, &server.https("/")).await.unwrap();
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_connection_that_answers_others_is_kept() {
    let ((server, asked), client) = (selective(), trusting_client());
    let limited = service(&server.https("/"), client.clone(), 0);
    let cx = Context::default();
    block_on(async {
        text(&client, &server.https("/")).await.unwrap();
        let others = async {
            asked.notified().await;
            text(&client, &server.https("/")).await.unwrap();
        };
        let (never, ()) = futures_util::join!(limited.send(Call::get("never"), &cx), others);
        assert_eq!(never.unwrap_err().kind(), ErrorKind::Timeout);
        text(&client, &server.https("/")).await.unwrap();
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn so_is_one_with_a_body_that_stalled_while_others_were_answered() {
    let (server, _) = selective();
    let client = trusting().with_idle_timeout(Duration::from_millis(500)).build().unwrap();
    block_on(async {
        let mut body = get(&client, &server.https("/half")).await.unwrap().into_body();
        assert_eq!(body.next().await.unwrap().unwrap(), "half");
        text(&client, &server.https("/")).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        text(&client, &server.https("/")).await.unwrap();
    });
    assert_eq!(server.connections(), 1);
}
