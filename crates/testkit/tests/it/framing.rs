//! How an answer looks on the wire.

use catena_testkit::{Framing, Reply, Server};
use serde_json::json;

use crate::client::Client;

/// What one reply to one request looks like, to the end of the connection.
fn raw(method: &str, reply: Reply) -> String {
    let server = Server::replay([reply]);
    let mut client = Client::connect(server.address());
    client.send(format!("{method} / HTTP/1.1\r\nconnection: close\r\n\r\n"));
    client.read_all()
}

fn check(reply: Reply, expected: &str) {
    assert_eq!(raw("GET", reply), expected);
}

#[test]
fn each_framing_marks_the_end_its_own_way() {
    let reply = || Reply::bytes(200, "hello").split_at([1]);
    let close = "connection: close\r\n\r\n";
    check(reply(), &format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n{close}hello"));
    let chunks = "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n";
    check(
        reply().with_framing(Framing::Chunked),
        &format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{close}{chunks}"),
    );
    check(reply().with_framing(Framing::UntilClose), &format!("HTTP/1.1 200 OK\r\n{close}hello"));
}

#[test]
fn an_answer_that_ends_with_the_connection_closes_it() {
    let server = Server::replay([Reply::text(200, "all").with_framing(Framing::UntilClose)]);
    let mut client = Client::connect(server.address());
    client.get("/");
    let answer = client.answer();
    assert_eq!(answer.body, "all");
    assert!(answer.head.contains("connection: close"));
}

#[test]
fn the_server_may_end_a_connection_that_could_stay() {
    let server = Server::replay([Reply::text(200, "bye").with_header("Connection", "close")]);
    let mut client = Client::connect(server.address());
    client.get("/");
    assert!(client.read_all().ends_with("\r\n\r\nbye"));
}

#[test]
fn headers_of_the_reply_are_sent_as_they_are() {
    let lie = Reply::bytes(200, "abc").with_header("Content-Length", "99").with_framing(Framing::UntilClose);
    check(lie, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nconnection: close\r\n\r\nabc");
    let lie = Reply::bytes(299, "abc").with_header("content-length", "2");
    check(lie, "HTTP/1.1 299 \r\ncontent-length: 2\r\nconnection: close\r\n\r\nabc");
}

#[test]
fn an_answer_without_a_body_has_none() {
    let close = "connection: close\r\n\r\n";
    check(Reply::bytes(204, ""), &format!("HTTP/1.1 204 No Content\r\n{close}"));
    check(Reply::bytes(200, ""), &format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{close}"));
    let nothing = Reply::bytes(200, "").with_framing(Framing::Chunked);
    check(nothing, &format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n{close}0\r\n\r\n"));
    let head = raw("HEAD", Reply::bytes(200, "hello"));
    assert_eq!(head, format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n{close}"));
}

#[test]
fn constructors_say_what_they_send() {
    for (reply, kind, body) in [
        (Reply::json(200, json!({"a": 1})), "application/json", r#"{"a":1}"#),
        (Reply::text(200, "ä"), "text/plain; charset=utf-8", "ä"),
        (Reply::html(200, "<p>"), "text/html; charset=utf-8", "<p>"),
    ] {
        let raw = raw("GET", reply);
        assert!(raw.contains(&format!("content-type: {kind}\r\n")), "{raw}");
        assert!(raw.ends_with(&format!("\r\n\r\n{body}")), "{raw}");
    }
}

#[test]
fn each_event_is_a_chunk() {
    let server = Server::replay([Reply::sse(["one", "two", "[DONE]"]), Reply::sse(["ab"]).split_every(5)]);
    let mut client = Client::connect(server.address());
    client.get("/");
    let head = client.head();
    assert!(head.contains("content-type: text/event-stream; charset=utf-8\r\n"), "{head}");
    assert_eq!(client.chunks(), ["data: one\n\n", "data: two\n\n", "data: [DONE]\n\n"]);
    client.get("/");
    client.head();
    assert_eq!(client.chunks(), ["data:", " ab\n\n"]);
}
