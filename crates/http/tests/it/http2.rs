//! HTTP/2: connections are added at the server's stream limit, and what a server did not look at is sent again.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use catena_core::{ErrorKind, Result};
use catena_http::Request;
use futures_util::FutureExt;
use futures_util::future::join_all;
use h2::Reason;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Barrier, Notify};

use crate::server::{Server, text};
use crate::tls::{secure, trusting_client};

/// A server that allows `limit` streams on a connection, and answers none before `together` requests are there.
fn limited(limit: u32, together: usize) -> Server {
    let barrier = Arc::new(Barrier::new(together));
    secure(9999, "h2", false, async move |stream| {
        let barrier = Arc::clone(&barrier);
        let service = service_fn(move |_: hyper::Request<hyper::body::Incoming>| {
            let barrier = Arc::clone(&barrier);
            async move {
                barrier.wait().await;
                Ok::<_, Infallible>(hyper::Response::new(Full::new(Bytes::from("together"))))
            }
        });
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.max_concurrent_streams(limit).serve_connection(TokioIo::new(stream), service).await;
    })
}

fn calls(client: &catena_http::HttpClient, server: &Server, count: usize) -> Vec<Result<String>> {
    let url = server.https("/");
    pollster::block_on(join_all((0..count).map(|_| text(client, &url))))
}

#[test]
fn connections_are_added_at_the_limit_and_no_more() {
    for (limit, count, most) in [(8, 64, 32), (1, 9, 9), (1000, 300, 1), (5000, 1500, 8)] {
        let (server, client) = (limited(limit, count), trusting_client());
        // All calls must be in flight at once, or none is answered. A second burst finds the connections there.
        for _ in 0..2 {
            for answer in calls(&client, &server, count) {
                assert_eq!(answer.unwrap(), "together");
            }
        }
        // Room for the answers of more, if nobody reads them, the client does not give.
        let least = count.div_ceil(limit.min(1024) as usize);
        let seen = server.connections();
        assert!((least..=most).contains(&seen), "{seen} connections for {count} calls of {limit} each");
    }
}

#[test]
fn a_failed_connection_fails_all_who_wait_for_it() {
    let server = Server::raw(drop);
    let start = std::time::Instant::now();
    for answer in calls(&trusting_client(), &server, 50) {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Connection);
    }
    // Not one after the other; the rest come after the first failure.
    assert!(server.connections() < 50, "{} connections in {:?}", server.connections(), start.elapsed());
}

/// A server that ends the first `refused` requests as `refuse` does, and answers the others.
fn refusing(
    refused: usize,
    refuse: impl Fn(&mut h2::server::Connection<Tls, Bytes>, &mut h2::server::SendResponse<Bytes>)
    + Send
    + Sync
    + 'static,
) -> (Server, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let server = secure(9999, "h2", false, async move |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            if counter.fetch_add(1, Ordering::SeqCst) < refused {
                refuse(&mut connection, &mut respond);
            } else {
                let mut body = respond.send_response(http::Response::new(()), false).unwrap();
                body.send_data(Bytes::from("answer"), true).unwrap();
            }
        }
    });
    (server, seen)
}

type Tls = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;

#[test]
fn a_refused_stream_is_sent_again_once() {
    for (refused, answered) in [(1, true), (2, false)] {
        let (server, seen) = refusing(refused, |_, respond| respond.send_reset(Reason::REFUSED_STREAM));
        let answer = calls(&trusting_client(), &server, 1).remove(0);
        assert_eq!(answer.is_ok(), answered, "{answer:?}");
        if let Err(error) = answer {
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true));
        }
        assert_eq!(seen.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn a_stream_that_was_looked_at_is_not_sent_again() {
    for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL, Reason::ENHANCE_YOUR_CALM] {
        let (server, seen) = refusing(1, move |_, respond| respond.send_reset(reason));
        let error = calls(&trusting_client(), &server, 1).remove(0).unwrap_err();
        assert_eq!((error.kind(), seen.load(Ordering::SeqCst)), (ErrorKind::Connection, 1), "{reason:?}");
    }
}

#[test]
fn a_server_that_says_goodbye_loses_nothing() {
    // Every connection serves a few requests and then refuses new ones.
    let server = secure(9999, "h2", false, async |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        let mut served = 0;
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let path = request.uri().path().to_owned();
            let mut body = respond.send_response(http::Response::new(()), false).unwrap();
            body.send_data(Bytes::from(path), true).unwrap();
            served += 1;
            if served == 7 {
                connection.graceful_shutdown();
            }
        }
    });
    let client = trusting_client();
    let urls: Vec<_> = (0..100).map(|number| server.https(&format!("/{number}"))).collect();
    for (round, urls) in urls.chunks(10).enumerate() {
        let answers = pollster::block_on(join_all(urls.iter().map(|url| text(&client, url))));
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.unwrap(), format!("/{}", round * 10 + number));
        }
    }
    assert!(server.connections() > 1);
}

/// A frame without padding: RFC 9113, section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// Answers `most` requests of a connection, the last one after `settings`, then awaits `end`, says goodbye, and
/// drops whatever comes. The libraries for servers serve all that they have read.
async fn serve(mut stream: Tls, most: usize, settings: &[u8], end: impl Future<Output = ()>) {
    let mut end = std::pin::pin!(end);
    let mut preface = [0; 24];
    let Ok(_) = stream.read_exact(&mut preface).await else { return };
    let _ = stream.write_all(&frame(SETTINGS, 0, 0, &[])).await;
    let (mut head, mut served) = ([0; 9], 0);
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length as usize];
        let Ok(_) = stream.read_exact(&mut payload).await else { return };
        match (head[3], head[4]) {
            (SETTINGS, 0) => drop(stream.write_all(&frame(SETTINGS, 1, 0, &[])).await),
            (HEADERS, _) if served < most => {
                served += 1;
                // 0x88 is `:status: 200`.
                let answer = [frame(HEADERS, 4, id, &[0x88]), frame(DATA, 1, id, b"answer")].concat();
                if served < most {
                    let _ = stream.write_all(&answer).await;
                    continue;
                }
                let _ = stream.write_all(&[&frame(SETTINGS, 0, 0, settings), &*answer].concat()).await;
                end.as_mut().await;
                let goodbye = [&id.to_be_bytes()[..], &[0; 4]].concat();
                let _ = stream.write_all(&frame(GOAWAY, 0, 0, &goodbye)).await;
            }
            _ => {}
        }
    }
}

#[test]
fn many_calls_outlive_many_goodbyes() {
    // As nginx after `keepalive_requests`.
    let server = secure(9999, "h2", false, async |stream| serve(stream, 5, &[], async {}).await);
    for answer in calls(&trusting_client(), &server, 200) {
        assert_eq!(answer.unwrap(), "answer");
    }
    assert!((40..=200).contains(&server.connections()), "{} connections", server.connections());
}

#[test]
fn a_call_that_waits_for_its_stream_outlives_a_goodbye() {
    // MAX_CONCURRENT_STREAMS: from now on it allows none.
    const NO_MORE: [u8; 6] = [0, 3, 0, 0, 0, 0];
    for body in ["body", ""] {
        let leave = Arc::new(Notify::new());
        let left = Arc::clone(&leave);
        let server =
            secure(9999, "h2", false, async move |stream| serve(stream, 1, &NO_MORE, left.notified()).await);
        let (client, url) = (trusting_client(), server.https("/"));
        pollster::block_on(async {
            assert_eq!(text(&client, &url).await.unwrap(), "answer");
            let request = Request::post(&url).unwrap().with_body(body);
            let mut call = Box::pin(async { client.send(request).await?.bytes().await });
            assert!((&mut call).now_or_never().is_none());
            // For the connection's task to take it.
            std::thread::sleep(Duration::from_millis(200));
            leave.notify_one();
            assert_eq!(call.await.unwrap(), "answer");
        });
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn heads_are_bounded() {
    let server = secure(9999, "h2", false, async |stream| {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let head = (0..10).fold(http::Response::builder(), |head, number| {
                head.header(format!("x-{number}"), "b".repeat(7_000))
            });
            respond.send_response(head.body(()).unwrap(), true).unwrap();
        }
    });
    let error = calls(&trusting_client(), &server, 1).remove(0).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::InvalidResponse, false), "{error}");
    assert!(error.to_string().contains("the head of the answer"), "{error}");
}

#[test]
fn what_a_server_says_when_it_leaves_is_bounded() {
    let server = secure(9999, "h2", false, async |mut stream| {
        const INTERNAL_ERROR: u8 = 2;
        let mut start = [0; 24];
        let Ok(_) = stream.read_exact(&mut start).await else { return };
        let goodbye = [&[0, 0, 0, 0, 0, 0, 0, INTERNAL_ERROR][..], &[b'x'; 10_000]].concat();
        let _ = stream.write_all(&[frame(SETTINGS, 0, 0, &[]), frame(GOAWAY, 0, 0, &goodbye)].concat()).await;
        while let Ok(1..) = stream.read(&mut start).await {}
    });
    let error = calls(&trusting_client(), &server, 1).remove(0).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("xxx") && text.len() < 400, "{} bytes: {text}", text.len());
}
