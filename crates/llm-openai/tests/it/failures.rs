//! What the service refuses: every class of error, in every way of calling.

use std::time::Duration;

use catena_core::{Error, ErrorKind, RunnableExt, ServiceError};
use catena_llm_openai::OpenAi;
use catena_testkit::{Reply, Server, SimulatedOpenAi};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{KEY, drain, errors_of_all_calls, llm_builder};

fn body(message: &str, kind: &str, code: &str) -> serde_json::Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

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
    let unknown = Reply::json(
        404,
        body("The model `gpt-9` does not exist", "invalid_request_error", "model_not_found"),
    );
    check(unknown, ErrorKind::NotFound, false, &["404", "model_not_found", "gpt-9"]);
    let rate = Reply::json(429, body("Slow down", "requests", "rate_limit_exceeded"));
    check(rate, ErrorKind::RateLimit, true, &["429", "Slow down"]);
    let quota = Reply::json(429, body("You exceeded your quota", "insufficient_quota", "insufficient_quota"));
    check(quota, ErrorKind::QuotaExceeded, false, &["429", "You exceeded your quota"]);
    let long = Reply::json(400, body("Too long", "invalid_request_error", "context_length_exceeded"));
    check(long, ErrorKind::ContextOverflow, false, &["400", "Too long"]);
    check(Reply::json(500, body("Oops", "server_error", "x")), ErrorKind::Server, true, &["500", "Oops"]);
    check(
        Reply::html(502, "<html><h1>Bad Gateway</h1></html>"),
        ErrorKind::Server,
        true,
        &["502", "Bad Gateway"],
    );
    check(Reply::text(503, ""), ErrorKind::Server, true, &["503"]);
    check(
        Reply::text(404, "404 page not found\n"),
        ErrorKind::NotFound,
        false,
        &["base URL", "page not found", "the URL was `http://127.0.0.1:", "completions`"],
    );
    let moved = Reply::text(307, "").with_header("location", "/v2/completions");
    check(moved, ErrorKind::HttpStatus, false, &["307", "/v2/completions"]);
    check(
        Reply::html(200, "<!doctype html>Sign in"),
        ErrorKind::InvalidResponse,
        false,
        &["web page", "Sign in"],
    );
    check(Reply::json(200, json!({"choices": []})), ErrorKind::InvalidResponse, false, &["no choices"]);
    check(
        Reply::json(200, json!({"error": "not loaded"})),
        ErrorKind::InvalidResponse,
        false,
        &["not loaded"],
    );
    let cut = |label: &str| Reply::text(200, "{\"choices\": [{\"te").with_header("content-type", label);
    check(cut("application/json; charset=utf-8"), ErrorKind::Decode, false, &["not JSON"]);
    check(cut("text/plain"), ErrorKind::InvalidResponse, false, &["not JSON"]);
}

#[test]
fn a_wrong_key_is_an_authentication_error() {
    let service =
        SimulatedOpenAi::builder().with_key("sk-the-right-one-0123456789").start().expect("a service");
    let call = |key: Option<&str>| -> Error {
        let builder = OpenAi::builder().ignore_environment().with_base_url(service.base_url());
        let builder = match key {
            Some(key) => builder.with_api_key(key),
            None => builder.without_api_key(),
        };
        block_on(builder.build().expect("a model").invoke("Hi")).expect_err("a refusal")
    };
    let error = call(Some("sk-the-wrong-one-0123456789"));
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Authentication, false));
    assert!(error.to_string().contains("OPENAI_API_KEY"), "{error}");
    let service_error = error.service().expect("details");
    assert_eq!((service_error.status, service_error.code.as_deref()), (Some(401), Some("invalid_api_key")));
    assert!(service_error.request_id.as_deref().is_some_and(|id| id.starts_with("req-sim-")));
    let error = call(None);
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().ends_with("no API key is set: set one with `with_api_key`"), "{error}");
}

#[test]
fn everything_the_service_says_reaches_the_caller() {
    let reply = Reply::json(429, body("Slow down", "requests", "rate_limit_exceeded"))
        .with_header("retry-after", "9")
        .with_header("retry-after-ms", "1500")
        .with_header("x-request-id", "req_9")
        .with_header("x-ratelimit-remaining-requests", "0");
    let raw = body("Slow down", "requests", "rate_limit_exceeded");
    for error in errors_of_all_calls(&reply) {
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
        let ServiceError { status, code, error_type, message, request_id, body, mut rate_limits, .. } =
            error.service().expect("details").clone();
        assert_eq!((status, code.as_deref()), (Some(429), Some("rate_limit_exceeded")));
        assert_eq!((error_type.as_deref(), message.as_deref()), (Some("requests"), Some("Slow down")));
        assert_eq!((request_id.as_deref(), body), (Some("req_9"), Some(raw.to_string())));
        rate_limits.sort();
        let names: Vec<_> = rate_limits.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["retry-after", "retry-after-ms", "x-ratelimit-remaining-requests"]);
    }
}

#[test]
fn a_large_error_body_is_bounded() {
    let server = Server::replay([Reply::text(500, "x".repeat(1 << 20))]);
    let llm = llm_builder(&server).build().expect("a model");
    let error = block_on(llm.invoke("Hi")).expect_err("an error");
    let body = error.service().and_then(|service| service.body.clone()).expect("a body");
    assert!(body.len() < 2100, "{} bytes", body.len());
}

#[test]
fn an_error_body_that_stalls_is_still_an_error_of_its_status() {
    let reply = Reply::json(429, body("Slow down", "requests", "x")).end_stall();
    let server = Server::replay([reply]);
    let llm = llm_builder(&server).with_idle_timeout(Duration::from_millis(100)).build().expect("a model");
    assert_eq!(drain(llm.stream("Hi")).1.expect("an error").kind(), ErrorKind::RateLimit);
    assert_eq!(server.requests()[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
}
