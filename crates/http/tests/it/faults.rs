//! Servers that misbehave on purpose, and what becomes of the calls.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::ErrorKind;
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::runtime::Builder;

use crate::server::{Connection, Server, builder, client, get, text};

/// A server whose connections answer one request, and then treat the next as `then` does; and how many requests it saw.
fn once(
    healthy_connections: usize,
    then: impl Fn(&mut Connection) + Send + Sync + 'static,
) -> (Server, Arc<AtomicUsize>) {
    let seen = Arc::new(AtomicUsize::new(0));
    let (counter, opened) = (Arc::clone(&seen), AtomicUsize::new(0));
    let server = Server::new(move |connection| {
        let healthy = opened.fetch_add(1, Ordering::SeqCst) < healthy_connections;
        for number in 0.. {
            if connection.request().is_none() {
                return;
            }
            counter.fetch_add(1, Ordering::SeqCst);
            if number > 0 || !healthy {
                return then(connection);
            }
            connection.answer("hello");
        }
    });
    (server, seen)
}

#[test]
fn a_request_that_was_read_is_not_sent_again() {
    // The server reads the second request and goes away: nobody knows what it did.
    let (server, seen) = once(usize::MAX, |_| {});
    let (client, url) = (client(), server.url("/"));
    assert_eq!(pollster::block_on(text(&client, &url)).unwrap(), "hello");
    let error = pollster::block_on(text(&client, &url)).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connection, true), "{error}");
    assert_eq!((server.connections(), seen.load(Ordering::SeqCst)), (1, 2));
    // The next call has a connection of its own.
    assert_eq!(pollster::block_on(text(&client, &url)).unwrap(), "hello");
}

#[test]
fn nothing_is_sent_again_once_the_answer_began() {
    for begun in ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel"] {
        let (server, seen) = once(usize::MAX, move |connection| connection.write(begun));
        let (client, url) = (client(), server.url("/"));
        assert_eq!(pollster::block_on(text(&client, &url)).unwrap(), "hello");
        let error = pollster::block_on(text(&client, &url)).unwrap_err();
        assert!(error.is_retryable(), "{error}");
        assert_eq!((server.connections(), seen.load(Ordering::SeqCst)), (1, 2), "{begun:?}");
    }
}

#[test]
fn one_byte_at_a_time_is_as_good_as_any() {
    let server = Server::new(|connection| {
        connection.request();
        connection.stream.set_nodelay(true).unwrap();
        let events = "data: one\r\n\r\n: hi\n\ndata: two €\n\ndata: [DONE]\n\n";
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{events}", events.len());
        for byte in answer.as_bytes() {
            connection.stream.write_all(&[*byte]).unwrap();
        }
        connection.until_closed();
    });
    pollster::block_on(async {
        let events = get(&client(), &server.url("/")).await.unwrap().events();
        let data: Vec<_> = events.map(|event| event.unwrap().data).collect().await;
        assert_eq!(data, ["one", "two €", "[DONE]"]);
    });
}

#[test]
fn heads_are_bounded_in_bytes_and_in_lines() {
    let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "x-a: b\r\n".repeat(200));
    let large = format!("HTTP/1.1 200 OK\r\nx-a: {}\r\ncontent-length: 0\r\n\r\n", "b".repeat(70_000));
    let endless = format!("HTTP/1.1 200 {}", "O".repeat(1 << 20));
    for answer in [many, large, endless] {
        let server = Server::new(move |connection| {
            connection.request();
            connection.write(&answer);
            connection.until_closed();
        });
        let error = pollster::block_on(text(&client(), &server.url("/"))).unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::TooLarge, false), "{error}");
    }
}

#[test]
fn a_line_without_end_is_stopped_and_its_connection_closed() {
    let (closed, wait) = std::sync::mpsc::channel();
    let server = Server::new(move |connection| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n\r\ndata: ");
        while connection.stream.write_all(&[b'x'; 4096]).is_ok() {}
        closed.send(()).unwrap();
    });
    let client = builder().with_max_event_bytes(1 << 20).build().unwrap();
    pollster::block_on(async {
        let mut events = get(&client, &server.url("/")).await.unwrap().events();
        assert_eq!(events.next().await.unwrap().unwrap_err().kind(), ErrorKind::TooLarge);
        assert!(events.next().await.is_none());
        // Also while the stream itself is still held.
        wait.recv().unwrap();
    });
}

#[test]
fn an_unknown_encoding_is_an_error_and_not_noise() {
    let server = Server::new(|connection| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 3\r\n\r\n\x0b\x01\x02");
        connection.until_closed();
    });
    let error = pollster::block_on(text(&client(), &server.url("/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(error.to_string().contains("`br`"), "{error}");
}

#[test]
fn a_failure_in_an_unknown_encoding_keeps_its_status() {
    let server = Server::new(|connection| {
        connection.request();
        connection.write("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-encoding: br\r\ncontent-length: 3\r\n\r\n\x0b\x01\x02");
        connection.until_closed();
    });
    pollster::block_on(async {
        let response = get(&client(), &server.url("/")).await.unwrap();
        assert_eq!((response.status().as_u16(), response.header("retry-after")), (503, Some("7")));
        assert_eq!((response.header("content-encoding"), response.header("content-length")), (None, None));
        assert_eq!(response.bytes().await.unwrap(), "");
    });
}

#[test]
fn connections_that_break_under_many_calls_lose_and_double_nothing() {
    // Each connection serves three requests and closes. What is written to it just then is not read by anybody.
    let answered = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&answered);
    let server = Server::new(move |connection| {
        for _ in 0..3 {
            let Some(request) = connection.request() else { return };
            counter.fetch_add(1, Ordering::SeqCst);
            connection.answer(&request.body);
        }
    });
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = client();
    let url = server.url("/");
    runtime.block_on(async {
        for round in 0..10 {
            let calls = (0..50).map(|call| {
                let body = format!("{round}-{call}");
                let request = catena_http::Request::post(&url).unwrap().with_body(body.clone());
                let client = &client;
                async move {
                    // An error that says that it may be tried again keeps its word.
                    let answer = loop {
                        match client.send(request.clone()).await {
                            Ok(answer) => break answer.bytes().await.unwrap(),
                            Err(error) => assert!(error.is_retryable(), "{error}"),
                        }
                    };
                    assert_eq!(answer, body);
                }
            });
            join_all(calls).await;
        }
    });
    assert_eq!(answered.load(Ordering::SeqCst), 500, "each call was answered once");
    drop(client);
    while runtime.metrics().num_alive_tasks() > 0 {
        std::thread::yield_now();
    }
}
