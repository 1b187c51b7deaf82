//! Streams: token by token, the same as one piece, whole or broken.

use std::time::Duration;

use catena_core::{ErrorKind, RunnableExt, Usage};
use catena_testkit::{Framing, Gate, Reply, Server};
use futures_executor::block_on;
use futures_util::StreamExt;
use serde_json::json;

use crate::support::{BEFORE_TEXT, builder, chat, drain, fold, message, named, text_events, text_message};

#[test]
fn tokens_are_seen_as_they_come() {
    let gates = [Gate::new(), Gate::new()];
    let reply = Reply::sse(text_events(&["Rain", "bow"]));
    let reply = reply.hold_after(BEFORE_TEXT, gates[0].clone()).hold_after(BEFORE_TEXT + 1, gates[1].clone());
    let server = Server::replay([reply]);
    let chat = chat(&server);
    let mut stream = chat.stream("Name?");
    for (gate, text) in gates.iter().zip(["Rain", "bow"]) {
        let chunk = block_on(stream.next()).expect("a chunk").expect("a piece");
        assert_eq!(chunk.text(), text);
        gate.open();
    }
    let rest = fold(drain(stream).0);
    assert_eq!((rest.metadata.finish_reason.as_deref(), rest.usage), (Some("stop"), Some(Usage::new(5, 2))));
    assert_eq!(server.requests()[0].json()["stream"], true);
}

#[test]
fn folded_chunks_are_what_invoke_returns() {
    let texts = ["Grü", "ße", " 😀", "!\r\n\"\\"];
    for split in [0, 1, 2, 3, 7] {
        let whole = Reply::json(200, text_message(&texts.concat())).with_header("request-id", "req_7");
        let streamed = named(&text_events(&texts)).with_header("request-id", "req_7").split_every(split);
        let server = Server::replay([whole, streamed]);
        let chat = chat(&server);
        let whole = block_on(chat.invoke("Hi")).expect("an answer");
        let (chunks, error) = drain(chat.stream("Hi"));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(fold(chunks), whole, "split every {split}");
    }
}

#[test]
fn one_cut_anywhere_gives_the_same_chunks() {
    let texts = ["é", "😀\"\\"];
    let body: String = text_events(&texts).iter().map(|event| format!("data: {event}\r\n\r\n")).collect();
    let reply = |cut| {
        let reply = Reply::bytes(200, body.clone()).with_header("content-type", "text/event-stream");
        reply.with_framing(Framing::Chunked).split_at([cut])
    };
    let server = Server::replay((1..body.len()).map(reply));
    let chat = chat(&server);
    for cut in 1..body.len() {
        let (chunks, error) = drain(chat.stream("Hi"));
        assert!(error.is_none(), "cut at {cut}: {error:?}");
        assert_eq!(
            chunks.iter().map(|chunk| chunk.text()).collect::<Vec<_>>(),
            ["é", "😀\"\\", ""],
            "cut at {cut}"
        );
    }
}

#[test]
fn cited_texts_are_blocks_in_both_ways() {
    let citation =
        json!({"type": "char_location", "cited_text": "green", "document_index": 0, "document_title": null});
    let content = json!([{"type": "text", "text": "It is "}, {"type": "text", "text": "green", "citations": [citation]}]);
    let text = |text: &str| json!({"type": "text_delta", "text": text});
    let empty = json!({"type": "text", "text": ""});
    let events = crate::support::events(
        &[
            (empty.clone(), vec![text("It "), text("is ")]),
            (empty, vec![json!({"type": "citations_delta", "citation": citation}), text("green")]),
        ],
        "end_turn",
    );
    let server = Server::replay([Reply::json(200, message(content, "end_turn")), named(&events)]);
    let chat = chat(&server);
    let document: catena_core::Message = serde_json::from_value(json!({"type": "human", "content": [
        {"type": "text-plain", "text": "The grass is green.", "extras": {"citations": {"enabled": true}}}, "What colour?"]}))
    .expect("a message");
    let whole = block_on(chat.invoke([document.clone()])).expect("an answer");
    assert_eq!(fold(drain(chat.stream([document])).0), whole);
    assert_eq!(whole.text(), "It is green");
    let blocks = whole.content.as_blocks().expect("blocks");
    assert_eq!(blocks[1].get("citations"), Some(&json!([citation])));
    let sent = server.requests()[0].json();
    assert_eq!(sent["messages"][0]["content"][0]["citations"], json!({"enabled": true}));
}

#[track_caller]
fn check_broken(reply: Reply, kind: ErrorKind, part: &str) {
    let server = Server::replay([reply]);
    let chat = builder(&server).with_idle_timeout(Duration::from_millis(200)).with_max_retries(3).build();
    let (chunks, error) = drain(chat.expect("a model").stream("Hi"));
    let texts: String = chunks.iter().map(|chunk| chunk.text()).collect();
    assert_eq!(texts, "Rainbow", "what came before is delivered");
    let error = error.expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    assert_eq!(server.requests().len(), 1, "what was delivered is not asked for again");
}

#[test]
fn a_broken_stream_is_an_error_after_the_text() {
    let start = || text_events(&["Rain", "bow"])[..=BEFORE_TEXT + 1].to_vec();
    let with = |event: &str| Reply::sse(start().into_iter().chain([event.to_owned()]));
    check_broken(Reply::sse(start()), ErrorKind::Incomplete, "complete");
    check_broken(Reply::sse(start()).end_abort(), ErrorKind::Incomplete, "complete");
    check_broken(Reply::sse(start()).end_stall(), ErrorKind::Timeout, "idle timeout");
    let busy = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    check_broken(with(busy), ErrorKind::Stream, "Overloaded");
    check_broken(with(r#"{"type":"content_bl"#), ErrorKind::Decode, "not JSON");
}

#[test]
fn a_stream_whose_response_has_begun_is_not_tried_again() {
    let cut = Reply::sse(&text_events(&["Hi"])[..BEFORE_TEXT]).end_abort();
    let server = Server::replay([cut, named(&text_events(&["Hi"]))]);
    let chat = builder(&server).with_max_retries(1).build().expect("a model");
    let error = drain(chat.stream("Hi")).1.expect("a stream that was cut");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Incomplete, 1));
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    let server = Server::replay([
        Reply::json(200, text_message("whole")),
        Reply::json(200, json!({"type": "error", "error": {"type": "api_error", "message": "no"}})),
        Reply::html(200, "<!doctype html><p>Sign in"),
        Reply::text(200, ""),
    ]);
    let chat = chat(&server);
    let call = || {
        let (chunks, error) = drain(chat.stream("Hi"));
        let texts: String = chunks.iter().map(|chunk| chunk.text()).collect();
        (texts, error.map(|error| error.kind()))
    };
    assert_eq!(call(), ("whole".to_owned(), None));
    assert_eq!(call(), (String::new(), Some(ErrorKind::InvalidResponse)));
    assert_eq!(call(), (String::new(), Some(ErrorKind::InvalidResponse)));
    assert_eq!(call(), (String::new(), Some(ErrorKind::Decode)));
}

#[test]
fn the_connection_of_a_finished_stream_is_used_again() {
    let server = Server::replay([named(&text_events(&["a"]))]);
    let chat = chat(&server);
    for _ in 0..5 {
        assert_eq!(drain(chat.stream("Hi")).0[0].text(), "a");
    }
    assert_eq!(server.connections(), 1);
}
