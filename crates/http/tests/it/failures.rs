//! What goes wrong on the way has a kind, and a message that names the host.

use std::net::TcpListener;

use catena_core::{Error, ErrorKind};

use crate::server::{Connection, Server, client, get, text};

fn fails(url: &str) -> Error {
    let error = pollster::block_on(text(&client(), url)).unwrap_err();
    let host = url.split('/').nth(2).unwrap();
    assert!(error.to_string().contains(host), "{host} is missing in: {error}");
    error
}

fn serves(answer: &'static str) -> Server {
    Server::new(move |connection| {
        connection.request();
        connection.write(answer);
    })
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = fails(&format!("http://127.0.0.1:{port}/"));
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.is_retryable() && error.to_string().contains("refused"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn no_such_host() {
    // No name server is asked about a label of more than 63 characters.
    let host = format!("{}.invalid", "x".repeat(70));
    let error = fails(&format!("http://{host}/"));
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.to_string().contains("cannot resolve"), "{error}");
}

#[test]
fn the_server_goes_away_before_it_answers() {
    let error = fails(&serves("").url("/"));
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    let error = fails(&serves("HTTP/1.1 200").url("/"));
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}

#[test]
fn the_answer_is_not_http() {
    for answer in
        ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", "HTTP/9 200 OK\r\n\r\n"]
    {
        let error = fails(&serves(answer).url("/"));
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::InvalidResponse, false), "{error}");
    }
}

#[test]
fn a_body_that_breaks_off_is_incomplete() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
    ] {
        let error = fails(&serves(answer).url("/"));
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{answer:?}: {error}");
        assert!(error.is_retryable());
    }
}

#[test]
fn a_reset_in_the_body_is_incomplete() {
    let server = Server::new(|connection: &mut Connection| {
        // Closing with unread input makes the system send a reset.
        while connection.stream.peek(&mut [0; 1]).unwrap() == 0 {}
        connection.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
    });
    let error = fails(&server.url("/"));
    assert!(matches!(error.kind(), ErrorKind::Incomplete | ErrorKind::Connection), "{error:?}");
}

#[test]
fn a_misframed_body_is_incomplete() {
    let error = fails(&serves("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n").url("/"));
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Incomplete, true), "{error}");
}

#[test]
fn a_body_until_close_is_complete() {
    let server = serves("HTTP/1.1 200 OK\r\n\r\nall of it");
    assert_eq!(pollster::block_on(text(&client(), &server.url("/"))).unwrap(), "all of it");
}

#[test]
fn redirects_and_failures_are_answers() {
    for status in ["307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/", "404 Not Found", "500 Oops"] {
        let server = Server::new(move |connection| {
            connection.request();
            connection.write(&format!("HTTP/1.1 {status}\r\ncontent-length: 4\r\n\r\nwhy?"));
        });
        let response = pollster::block_on(get(&client(), &server.url("/"))).unwrap();
        assert_eq!(response.status().as_str(), &status[..3]);
        assert_eq!(pollster::block_on(response.excerpt(100)), "why?");
    }
}

#[test]
fn what_the_server_reads() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = Server::new(move |connection| {
        while let Some(request) = connection.request() {
            sender.send(request).unwrap();
            connection.answer("");
        }
    });
    let request = catena_http::Request::post(&server.url("/v1/chat?a=b%20c")).unwrap();
    let request =
        request.with_bearer("key").unwrap().with_header("X-One", "1").unwrap().with_json_body("{\"a\":1}");
    pollster::block_on(client().send(request)).unwrap();
    let seen = receiver.recv().unwrap();
    assert!(seen.head.starts_with("POST /v1/chat?a=b%20c HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.body, "{\"a\":1}");
    assert_eq!(seen.header("authorization"), Some("Bearer key"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-one"), Some("1"));
    assert_eq!(seen.header("host"), Some(server.address().to_string().as_str()));
    assert!(seen.header("user-agent").unwrap().starts_with("catena/"));
    assert_eq!(seen.header("accept-encoding"), cfg!(feature = "gzip").then_some("gzip"));
}
