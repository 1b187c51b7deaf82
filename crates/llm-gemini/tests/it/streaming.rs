//! Streams: piece by piece, the same as one piece, whole or broken.

use std::time::Duration;

use catena_core::{ErrorKind, RunnableExt};
use catena_testkit::{Gate, Reply, Server};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::json;

use crate::support::{builder, chat, drain, error, events, fold, text};

#[test]
fn tokens_are_seen_as_they_come() {
    let gate = Gate::new();
    let server = Server::replay([Reply::sse(events(&["Rain", "bow"])).hold_after(0, gate.clone())]);
    let chat = chat(&server);
    let mut stream = chat.stream("Name?");
    assert_eq!(block_on(stream.next()).expect("a chunk").expect("a piece").text(), "Rain");
    gate.open();
    assert_eq!(fold(drain(stream).0).text(), "bow");
}

/// The law of streaming, wherever the bytes are split.
#[test]
fn folded_chunks_are_what_invoke_returns() {
    let texts = ["Grü", "ße", " 😀", "!\r\n"];
    for split in [0, 1, 2, 3, 7] {
        let server = Server::replay([
            Reply::json(200, text(&texts.concat())).with_header("x-request-id", "req_7"),
            Reply::sse(events(&texts)).with_header("x-request-id", "req_7").split_every(split),
        ]);
        let chat = chat(&server);
        let whole = block_on(chat.invoke("Hi")).expect("an answer");
        let (chunks, error) = drain(chat.stream("Hi"));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(fold(chunks), whole, "split every {split}");
    }
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    let list: Vec<serde_json::Value> =
        events(&["a", "b"]).iter().map(|event| serde_json::from_str(event).expect("JSON")).collect();
    let replies = [
        Reply::json(200, text("whole")),
        Reply::json(200, json!(list)).split_every(5),
        Reply::json(200, error(503, "UNAVAILABLE", "busy")),
        Reply::html(200, "<!doctype html><p>Sign in"),
        Reply::text(200, ""),
    ];
    let server = Server::replay(replies);
    let chat = chat(&server);
    let call = || {
        let (chunks, error) = drain(chat.stream("Hi"));
        let text: String = chunks.iter().map(|chunk| chunk.text().into_owned()).collect();
        (text, error.map(|error| error.kind()))
    };
    assert_eq!(call(), ("whole".to_owned(), None));
    assert_eq!(call(), ("ab".to_owned(), None));
    assert_eq!(call(), (String::new(), Some(ErrorKind::Server)));
    assert_eq!(call(), (String::new(), Some(ErrorKind::InvalidResponse)));
    assert_eq!(call(), (String::new(), Some(ErrorKind::Decode)));
}

#[track_caller]
fn check_broken(reply: Reply, kind: ErrorKind, part: &str) {
    let server = Server::replay([reply]);
    let chat = builder(&server).with_idle_timeout(Duration::from_millis(200)).build().expect("a model");
    let (chunks, error) = drain(chat.stream("Hi"));
    assert_eq!(fold(chunks).text(), "Rainbow", "what came before is delivered");
    let error = error.expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert_eq!(server.requests().len(), 1, "nothing is replayed");
}

#[test]
fn a_broken_stream_is_an_error_after_the_text() {
    let start = || events(&["Rain", "bow"])[..2].to_vec();
    let with = |event: String| Reply::sse(start().into_iter().chain([event]));
    check_broken(Reply::sse(start()), ErrorKind::Incomplete, "complete");
    check_broken(Reply::sse(start()).end_abort(), ErrorKind::Incomplete, "complete");
    check_broken(Reply::sse(start()).end_stall(), ErrorKind::Timeout, "idle timeout");
    check_broken(with(error(500, "INTERNAL", "GPU on fire").to_string()), ErrorKind::Stream, "GPU on fire");
    check_broken(with(r#"{"candidates":[{"te"#.to_owned()), ErrorKind::Decode, "not JSON");
}

#[test]
fn the_connection_of_a_finished_stream_is_used_again() {
    let server = Server::replay([Reply::sse(events(&["a"]))]);
    let chat = chat(&server);
    for _ in 0..5 {
        assert_eq!(fold(drain(chat.stream("Hi")).0).text(), "a");
    }
    assert_eq!(server.connections(), 1);
}
