//! What the service refuses: every class of error, in every way of calling.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catena_core::{
    Admission, Admitted, Demand, ErrorKind, Outcome, RateLimits, Result, RunnableExt, async_trait,
};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{builder, drain, errors_of_all_calls, named, text_events, text_message};

fn body(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_body"})
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
    let reply = |status: u16, kind: &str, message: &str| Reply::json(status, body(kind, message));
    let invalid = reply(400, "invalid_request_error", "max_tokens: field required");
    check(invalid, ErrorKind::BadRequest, false, &["400", "invalid_request_error", "field required"]);
    let long = reply(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum");
    check(long, ErrorKind::ContextOverflow, false, &["9 tokens"]);
    check(reply(401, "authentication_error", "m"), ErrorKind::Authentication, false, &["ANTHROPIC_API_KEY"]);
    check(reply(402, "billing_error", "m"), ErrorKind::QuotaExceeded, false, &["402"]);
    check(reply(403, "permission_error", "m"), ErrorKind::PermissionDenied, false, &["403"]);
    check(reply(404, "not_found_error", "model: claude-9"), ErrorKind::NotFound, false, &["claude-9"]);
    check(reply(413, "request_too_large", "m"), ErrorKind::HttpStatus, false, &["413", "request_too_large"]);
    check(reply(429, "rate_limit_error", "m"), ErrorKind::RateLimit, true, &["429"]);
    check(reply(500, "api_error", "m"), ErrorKind::Server, true, &["api_error"]);
    check(reply(529, "overloaded_error", "Overloaded"), ErrorKind::Server, true, &["529", "Overloaded"]);
    check(Reply::html(502, "<h1>Bad Gateway</h1>"), ErrorKind::Server, true, &["502", "Bad Gateway"]);
    check(
        Reply::html(200, "<!doctype html>Sign in"),
        ErrorKind::InvalidResponse,
        false,
        &["HTML page", "Sign in"],
    );
    check(Reply::text(200, ""), ErrorKind::Decode, false, &["empty"]);
}

#[test]
fn what_the_service_says_is_kept() {
    let reply = Reply::json(429, body("rate_limit_error", "Slow down."))
        .with_header("retry-after", "7")
        .with_header("request-id", "req_header")
        .with_header("anthropic-ratelimit-requests-remaining", "0");
    for error in errors_of_all_calls(&reply) {
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        let service = error.service().expect("details");
        assert_eq!((service.status, service.request_id.as_deref()), (Some(429), Some("req_header")));
        assert_eq!(service.error_type.as_deref(), Some("rate_limit_error"));
        assert_eq!(service.message.as_deref(), Some("Slow down."));
        let limit = ("anthropic-ratelimit-requests-remaining".to_owned(), "0".to_owned());
        assert!(service.rate_limits.contains(&limit), "{service:?}");
    }
    let reply = Reply::json(500, body("api_error", "m"));
    let errors = errors_of_all_calls(&reply);
    assert_eq!(errors[0].service().and_then(|service| service.request_id.as_deref()), Some("req_body"));
}

#[test]
fn a_busy_service_is_asked_again() {
    let busy = Reply::json(529, body("overloaded_error", "Overloaded")).with_header("retry-after-ms", "1");
    let server = Server::replay([
        busy.clone(),
        Reply::json(200, text_message("Hi")),
        busy,
        named(&text_events(&["Hi"])),
    ]);
    let chat = builder(&server).with_max_retries(1).build().expect("a model");
    assert_eq!(block_on(chat.invoke("Hi")).expect("an answer").text(), "Hi");
    let (chunks, error) = drain(chat.stream("Hi"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(chunks[0].text(), "Hi");
    assert_eq!(server.requests().len(), 4);
}

/// Remembers what it is told.
#[derive(Debug, Default)]
struct Told(Arc<Mutex<Vec<RateLimits>>>);

#[async_trait]
impl Admission for Told {
    async fn admit(&self, _demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        Ok(Box::new(Self(Arc::clone(&self.0))))
    }
}

impl Admitted for Told {
    fn report(self: Box<Self>, outcome: &Outcome<'_>) {
        self.0.lock().expect("a lock").push(outcome.limits);
    }
}

#[test]
fn limits_are_told_to_who_lets_requests_in() {
    let reply = Reply::json(200, text_message("Hi"))
        .with_header("date", "Thu, 01 Jan 2026 00:00:00 GMT")
        .with_header("anthropic-ratelimit-requests-remaining", "49")
        .with_header("anthropic-ratelimit-tokens-remaining", "39000")
        .with_header("anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:30Z");
    let server = Server::replay([reply]);
    let told = Told::default();
    let seen = Arc::clone(&told.0);
    let chat = builder(&server).with_admission(told).build().expect("a model");
    block_on(chat.invoke("Hi")).expect("an answer");
    let limits = seen.lock().expect("a lock")[0];
    assert_eq!((limits.remaining_requests, limits.remaining_tokens), (Some(49), Some(39_000)));
    assert_eq!(limits.reset_tokens, Some(Duration::from_secs(30)));
}
