//! What the service refuses, and what breaks.

use std::time::Duration;

use catena_core::{ErrorKind, RunnableExt};
use catena_llm_ollama::ChatOllama;
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{chat_builder, chat_lines, drain, errors_of_all_calls, fold, ndjson};

#[track_caller]
fn check(reply: Reply, kind: ErrorKind, retryable: bool, parts: &[&str]) {
    for error in errors_of_all_calls(&reply) {
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "no `{part}` in: {error}");
        }
    }
}

#[test]
fn every_class_of_refusal_has_its_kind() {
    let error = |status: u16, text: &str| Reply::json(status, json!({"error": text}));
    check(error(404, "model 'm' not found"), ErrorKind::NotFound, false, &["404", "ollama pull"]);
    check(error(400, "m does not support chat"), ErrorKind::Unsupported, false, &["400", "support chat"]);
    check(error(401, "unauthorized"), ErrorKind::Authentication, false, &["OLLAMA_API_KEY"]);
    check(error(429, "slow down"), ErrorKind::RateLimit, true, &["slow down"]);
    check(error(500, "llama runner process has terminated"), ErrorKind::Server, true, &["terminated"]);
    check(error(503, "server busy"), ErrorKind::Server, true, &["busy"]);
    check(error(200, "not loaded"), ErrorKind::InvalidResponse, false, &["not loaded"]);
    check(Reply::text(200, ""), ErrorKind::Decode, false, &["empty"]);
    check(
        Reply::html(200, "<!doctype html>Sign in"),
        ErrorKind::InvalidResponse,
        false,
        &["HTML page", "Sign in"],
    );
    check(Reply::json(200, json!({"models": []})), ErrorKind::InvalidResponse, false, &["contains no"]);
    let moved = Reply::text(308, "").with_header("location", "https://h.test/api");
    check(moved, ErrorKind::HttpStatus, false, &["https://h.test/api"]);
}

#[test]
fn a_broken_stream_is_an_error_after_the_text() {
    let start = || chat_lines(&["Rain", "bow"])[..2].to_vec();
    let with = |line: serde_json::Value| ndjson(&[start(), vec![line]].concat());
    for (reply, kind, part) in [
        (ndjson(&start()), ErrorKind::Incomplete, "complete"),
        (ndjson(&start()).end_abort(), ErrorKind::Incomplete, "complete"),
        (ndjson(&start()).end_stall(), ErrorKind::Timeout, "idle timeout"),
        (with(json!({"error": "GPU on fire"})), ErrorKind::Stream, "GPU on fire"),
        (with(json!("text")), ErrorKind::InvalidResponse, "expected shape"),
    ] {
        let server = Server::replay([reply]);
        let chat =
            chat_builder(&server).with_idle_timeout(Duration::from_millis(200)).build().expect("a model");
        let (chunks, error) = drain(chat.stream("Hi"));
        assert_eq!(fold(chunks).text(), "Rainbow", "what came before is delivered");
        let error = error.expect("an error");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn settings_that_do_not_fit_are_reported() {
    let builder = || ChatOllama::builder().ignore_environment();
    for (builder, part) in [
        (builder(), "with_model"),
        (builder().with_model("m").with_temperature(f64::NAN), "temperature"),
        (builder().with_model("m").with_extra("stream", true), "stream"),
        (builder().with_model("m").with_base_url("ftp://h.test"), "base URL"),
        (builder().with_model("m").with_base_url("http://u:p@h.test"), "base URL"),
        (builder().with_model("m").with_base_url("gpu-box").with_api_key("key-1234"), "unencrypted"),
    ] {
        let error = builder.build().expect_err(part);
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn a_busy_service_is_asked_again() {
    let answer = ndjson(&chat_lines(&["Hi"]));
    let server = Server::replay([
        Reply::json(503, json!({"error": "busy"})).with_header("retry-after-ms", "1"),
        answer,
    ]);
    let chat = chat_builder(&server).with_max_retries(1).build().expect("a model");
    let (chunks, error) = drain(chat.stream("Hi"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!((fold(chunks).text().as_ref(), server.requests().len()), ("Hi", 2));
    let none = Server::replay([Reply::drop_connection()]);
    let chat = chat_builder(&none).build().expect("a model");
    assert!(block_on(chat.invoke("Hi")).expect_err("an error").is_retryable());
}
