//! Answers compressed with gzip.

use std::io::Write;

use catena_core::ErrorKind;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;

use crate::server::{Connection, Server, builder, client, get, text};

fn compressed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn answer(connection: &mut Connection, body: &[u8]) {
    let seen = connection.request().unwrap();
    assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    let length = body.len();
    connection
        .write(&format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"));
    let _ = connection.stream.write_all(body);
}

#[test]
fn a_compressed_answer_is_read() {
    let server = Server::new(|connection| answer(connection, &compressed(b"hello")));
    pollster::block_on(async {
        let response = get(&client(), &server.url("/")).await.unwrap();
        assert_eq!((response.header("content-encoding"), response.header("content-length")), (None, None));
        assert_eq!(response.bytes().await.unwrap(), "hello");
    });
}

#[test]
fn a_bomb_is_stopped_at_the_size_limit() {
    let server = Server::new(|connection| {
        answer(connection, &compressed(&vec![b' '; 50 << 20]));
        connection.until_closed();
    });
    let client = builder().with_max_body_bytes(1 << 20).build().unwrap();
    let error = pollster::block_on(text(&client, &server.url("/"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[test]
fn a_body_cut_off_is_incomplete() {
    let server = Server::new(|connection| {
        let body = compressed(b"hello");
        answer(connection, &body[..body.len() - 3]);
    });
    let error = pollster::block_on(text(&client(), &server.url("/"))).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Incomplete, true), "{error}");
}

#[test]
fn events_come_through_as_they_are_flushed() {
    let server = Server::new(|connection| {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n");
        let mut encoder = GzEncoder::new(connection.stream.try_clone().unwrap(), Compression::default());
        encoder.write_all(b"data: first\n\n").unwrap();
        encoder.flush().unwrap();
        // The rest never comes.
        connection.until_closed();
    });
    pollster::block_on(async {
        let mut events = get(&client(), &server.url("/")).await.unwrap().events();
        assert_eq!(events.next().await.unwrap().unwrap().data, "first");
    });
}

#[test]
fn it_need_not_be_asked_for() {
    let server = Server::new(|connection| {
        assert_eq!(connection.request().unwrap().header("accept-encoding"), None);
        connection.answer("plain");
    });
    let client = builder().with_gzip(false).build().unwrap();
    assert_eq!(pollster::block_on(text(&client, &server.url("/"))).unwrap(), "plain");
}
