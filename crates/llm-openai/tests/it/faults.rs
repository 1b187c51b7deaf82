//! Servers that misbehave on purpose: what the models make of it, and what they leave behind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use catena_core::{Error, ErrorKind, RunnableExt};
use catena_llm_openai::{HttpClient, Proxy};
use catena_testkit::{Framing, Recorded, Reply, Server};
use futures_executor::block_on;
use futures_util::StreamExt;
use futures_util::future::join_all;

use crate::support::{PATIENCE, chat, chat_builder, chat_completion, chat_events, drain, fold};

/// The text of the question.
fn question(request: &Recorded) -> String {
    request.json()["messages"][0]["content"].as_str().expect("a text").to_owned()
}

/// A server that fails the first attempt of most calls, each in its own way, and echoes the question after that.
fn stormy() -> Server {
    let attempts: Mutex<HashMap<String, usize>> = Mutex::default();
    Server::start(move |request| {
        let question = question(request);
        let number: usize = question.rsplit(' ').next().expect("a number").parse().expect("a number");
        let mut attempts = attempts.lock().expect("no panic");
        let attempt = attempts.entry(question.clone()).or_default();
        *attempt += 1;
        let answer = Reply::json(200, chat_completion(&question));
        if *attempt > 1 {
            return answer;
        }
        let busy = |status| Reply::text(status, "busy").with_header("retry-after-ms", "1");
        match number % 8 {
            0 => Reply::drop_connection(),
            1 => answer.end_abort(),
            2 => busy(429),
            3 => busy(503),
            4 => Reply::text(500, ""),
            5 => Reply::html(529, "<html>overloaded</html>").with_header("retry-after", "0.001"),
            _ => answer,
        }
    })
}

#[test]
fn a_storm_of_failures_loses_and_doubles_nothing() {
    let server = stormy();
    let chat = chat_builder(&server).with_max_retries(2).build().expect("a model");
    let calls = (0..500).map(|number| {
        let (chat, question) = (&chat, format!("call {number}"));
        async move {
            let answer = chat.invoke(question.as_str()).await.expect("an answer");
            assert_eq!(answer.text(), question, "each call has its own answer");
        }
    });
    block_on(join_all(calls));
    let mut seen: HashMap<String, usize> = HashMap::new();
    server.requests().iter().for_each(|request| *seen.entry(question(request)).or_default() += 1);
    for number in 0..500 {
        let expected = if number % 8 < 6 { 2 } else { 1 };
        assert_eq!(seen[&format!("call {number}")], expected, "call {number}");
    }
    drop(chat);
    assert!(server.wait_for_close(PATIENCE), "{} connections are left", server.open_connections());
}

#[test]
fn a_server_that_fails_for_good_ends_the_retries() {
    let busy = Reply::text(503, "busy").with_header("retry-after-ms", "1");
    let server = Server::replay([busy]);
    let chat = chat_builder(&server).with_max_retries(3).build().expect("a model");
    let error = block_on(chat.invoke("Hi")).expect_err("an error");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Server, 4), "{error}");
}

/// The text before the error, and the error, of a stream of this reply that may stand still for so long.
#[track_caller]
fn broken_stream(reply: Reply, idle: Duration) -> (String, Error) {
    let server = Server::replay([reply]);
    let chat = chat_builder(&server).with_max_retries(5).with_idle_timeout(idle).build().expect("a model");
    let (chunks, error) = drain(chat.stream("Hi"));
    let text = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
    assert_eq!(server.requests().len(), 1, "a stream that has begun is not tried again");
    drop(chat);
    assert!(server.wait_for_close(Duration::from_secs(1)), "the connection is closed at once");
    (text, error.expect("an error"))
}

#[test]
fn a_stream_that_breaks_gives_what_came_and_says_why() {
    let start = &chat_events(&["Rain", "bow"])[..3];
    let raw = |end: &[u8]| {
        let events: String = start.iter().map(|event| format!("data: {event}\n\n")).collect();
        let body = [events.as_bytes(), end].concat();
        Reply::bytes(200, body).with_header("content-type", "text/event-stream")
    };
    for (what, reply, kind) in [
        ("reset", Reply::sse(start).end_abort(), ErrorKind::Incomplete),
        (
            "reset, until close",
            Reply::sse(start).with_framing(Framing::UntilClose).end_abort(),
            ErrorKind::Incomplete,
        ),
        ("stalled", Reply::sse(start).end_stall(), ErrorKind::Timeout),
        ("closed early", Reply::sse(start), ErrorKind::Incomplete),
        ("closed in an event", raw(b"data: {\"choices"), ErrorKind::Incomplete),
        (
            "closed in a character",
            raw(b"data: {\"choices\":[{\"delta\":{\"content\":\"\xE2\x82"),
            ErrorKind::Incomplete,
        ),
        ("not UTF-8", raw(b"data: \xFF\n\n"), ErrorKind::Decode),
        ("not JSON", raw(b"data: {\"choices\n\n"), ErrorKind::Decode),
    ] {
        // Only the stream that is to reach the limit has one that a busy machine could reach.
        let idle = if kind == ErrorKind::Timeout { Duration::from_secs(1) } else { PATIENCE };
        let (text, error) = broken_stream(reply, idle);
        assert_eq!((text.as_str(), error.kind()), ("Rainbow", kind), "{what}: {error}");
    }
}

#[test]
fn a_stream_of_single_bytes_is_the_same_stream() {
    let server = Server::replay([Reply::sse(chat_events(&["Rain", "bow €"])).split_every(1)]);
    let (chunks, error) = drain(chat(&server).stream("Hi"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(fold(chunks).text(), "Rainbow €");
}

#[test]
fn a_stream_that_is_labelled_wrong_is_still_one() {
    for kind in ["application/json", "text/plain", ""] {
        let server = Server::replay([Reply::sse(chat_events(&["Hi"])).with_header("content-type", kind)]);
        let (chunks, error) = drain(chat(&server).stream("Hi"));
        assert!(error.is_none(), "{kind}: {error:?}");
        assert_eq!(fold(chunks).text(), "Hi", "{kind}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_and_its_connection_closed() {
    let server = Server::replay([Reply::json(200, chat_completion(&"x".repeat(100_000)))]);
    let client = HttpClient::builder().with_proxy(Proxy::None).with_max_body_bytes(1000).build();
    let chat = chat_builder(&server).with_http_client(client.expect("a client")).build().expect("a model");
    let error = block_on(chat.invoke("Hi")).expect_err("an error");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::TooLarge, false), "{error}");
    assert!(server.wait_for_close(Duration::from_secs(1)));
}

#[test]
fn a_dropped_stream_makes_room_within_a_second() {
    let server = Arc::new(Server::replay([Reply::sse(&chat_events(&["Rain"])[..2]).end_stall()]));
    let chat = chat(&server);
    for number in 1..=20 {
        let mut stream = chat.stream("Hi");
        block_on(stream.next()).expect("a chunk").expect("a piece");
        drop(stream);
        assert!(server.wait_for_disconnects(number, Duration::from_secs(1)), "stream {number}");
    }
    assert!(server.wait_for_close(Duration::from_secs(1)));
}
