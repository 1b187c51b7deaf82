//! Streams: what they are made of, and when they are tried again.

use catena_core::{Context, Error, ErrorKind};
use catena_http::service::Call;
use catena_testkit::{Reply, Server};
use futures_util::StreamExt;
use pollster::block_on;

use super::support::{Texts, hasty};

/// The chunks, the error at the end, and how many requests there were.
fn stream(replies: Vec<Reply>) -> (Vec<String>, Option<Error>, usize) {
    let server = Server::replay(replies);
    let service = hasty(&server).0.build().unwrap();
    let mut chunks =
        service.stream(Ok(Call::post("ask").with_json("{}")), Context::default(), Texts::default);
    let mut texts = Vec::new();
    let mut last = None;
    block_on(async {
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(text) => texts.push(text),
                Err(error) => last = Some(error),
            }
        }
    });
    (texts, last, server.requests().len())
}

#[track_caller]
fn check(replies: Vec<Reply>, texts: &[&str], error: Option<ErrorKind>, requests: usize) {
    let (got, last, count) = stream(replies);
    assert_eq!(
        (got, last.map(|error| error.kind()), count),
        (texts.iter().map(|&t| t.to_owned()).collect(), error, requests)
    );
}

fn good() -> Reply {
    Reply::sse(["a", "b", "[DONE]"])
}

fn labelled(kind: &str, body: &str) -> Reply {
    Reply::bytes(200, body.to_owned()).with_header("content-type", kind)
}

#[test]
fn events_lines_and_whole_answers_are_told_apart() {
    check(vec![good()], &["a", "b", "!"], None, 1);
    check(vec![labelled("text/plain", ": hi\n\nevent: x\ndata: a\n\n")], &["xa"], None, 1);
    check(
        vec![labelled("application/x-ndjson; charset=utf-8", "{\"a\":1}\n\n[\"b\"\n,2]")],
        &["{\"a\":1}", "[\"b\"", ",2]"],
        None,
        1,
    );
    check(vec![labelled("application/json", "{\"a\":1}")], &["whole: {\"a\":1}"], None, 1);
    check(vec![labelled("application/json", "")], &["whole: "], None, 1);
    check(vec![labelled("text/event-stream", "\n{\"a\":\n\n1}")], &["whole: \n{\"a\":\n\n1}"], None, 1);
    check(vec![labelled("text/event-stream", "<html>")], &["whole: <html>"], None, 1);
    check(vec![labelled("text/event-stream", "odd: {\n\ndata: a\n\n")], &["a"], None, 1);
}

#[test]
fn a_call_is_tried_again_until_its_response_begins() {
    check(vec![Reply::text(503, ""), good()], &["a", "b", "!"], None, 2);
    check(vec![Reply::drop_connection(), good()], &["a", "b", "!"], None, 2);
}

#[test]
fn nothing_is_repeated_once_its_response_has_begun() {
    check(vec![Reply::sse(["", ""]).end_abort(), good()], &[], Some(ErrorKind::Incomplete), 1);
    check(vec![Reply::sse(["a"]).end_abort(), good()], &["a"], Some(ErrorKind::Incomplete), 1);
    check(vec![Reply::sse(["a", "oops"]), good()], &["a"], Some(ErrorKind::Stream), 1);
}

#[test]
fn an_answer_that_ends_in_the_middle_of_an_event_was_cut() {
    let cut = |kind: &str, body: &[u8]| Reply::bytes(200, body.to_vec()).with_header("content-type", kind);
    let events = "text/event-stream";
    for (kind, whole, half) in [
        (events, &b"data: a\n\n"[..], &b"data: {\"b"[..]),
        (events, b"data: a\n\n", b"data: {\"b\n"),
        (events, b"data: a\n\n", b"data: \xE2\x82"),
        ("text/plain", b"data: a\n\n", b"data: {\"b"),
        ("application/x-ndjson", b"a\n", b"{\"b"),
        ("application/x-ndjson", b"a\n", b"\xE2\x82"),
    ] {
        // What came before it is there.
        let body = [whole, half].concat();
        check(vec![cut(kind, &body), good()], &["a"], Some(ErrorKind::Incomplete), 1);
        check(vec![cut(kind, half), good()], &[], Some(ErrorKind::Incomplete), 1);
        // What is complete and makes no sense is another matter.
        let body = [whole, half, b"\n\n", whole].concat();
        check(vec![cut(kind, &body), good()], &["a"], Some(ErrorKind::Decode), 1);
    }
    // A last event that lacks its end, and nothing else, counts.
    check(vec![cut(events, b"data: a\n\ndata: b")], &["a", "b"], None, 1);
}

#[test]
fn what_the_service_itself_reports_is_not_tried_again() {
    check(vec![Reply::sse(["oops"]), good()], &[], Some(ErrorKind::Stream), 1);
    check(vec![Reply::text(400, ""), good()], &[], Some(ErrorKind::BadRequest), 1);
    let (_, error, _) = stream(vec![Reply::text(503, ""), Reply::sse(["oops"])]);
    assert_eq!(error.map(|error| error.attempts()), Some(2));
}

#[test]
fn a_call_that_cannot_be_made_is_an_item() {
    let server = Server::replay([good()]);
    let service = hasty(&server).0.build().unwrap();
    let call = Err(Error::new(ErrorKind::InvalidInput, "no"));
    let mut chunks = service.stream(call, Context::default(), Texts::default);
    assert_eq!(block_on(chunks.next()).unwrap().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(block_on(chunks.next()).is_none());
    assert_eq!(server.requests().len(), 0);
}
