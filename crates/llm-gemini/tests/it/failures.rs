//! Errors: what kind they are, what they say, and what is tried again.

use std::time::{Duration, Instant};

use catena_core::fakes::FakeTimer;
use catena_core::{ErrorKind, RunnableExt, Sleep, Timer};
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::{Value, json};

use crate::support::{builder, chat, drain, error, errors_of_all_calls, events, fold, text};

/// Waits take no time, and are noted.
#[derive(Debug, Clone, Default)]
struct Hasty(FakeTimer);

impl Timer for Hasty {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let sleep = self.0.sleep(duration);
        self.0.advance(duration);
        sleep
    }
}

fn exhausted(quota: &str) -> Value {
    let mut body = error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota");
    body["error"]["details"] = json!([
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"},
    ]);
    body
}

#[test]
fn kinds_and_details() {
    for (reply, kind, retryable) in [
        (Reply::json(400, error(400, "INVALID_ARGUMENT", "m")), ErrorKind::BadRequest, false),
        (
            Reply::json(400, error(400, "INVALID_ARGUMENT", "API key not valid.")),
            ErrorKind::Authentication,
            false,
        ),
        (Reply::json(403, error(403, "PERMISSION_DENIED", "m")), ErrorKind::PermissionDenied, false),
        (Reply::json(404, error(404, "NOT_FOUND", "m")), ErrorKind::NotFound, false),
        (Reply::json(429, exhausted("RequestsPerMinute")), ErrorKind::RateLimit, true),
        (Reply::json(429, exhausted("RequestsPerDay")), ErrorKind::QuotaExceeded, false),
        (Reply::json(503, error(503, "UNAVAILABLE", "m")), ErrorKind::Server, true),
        (Reply::html(502, "<html>Bad Gateway"), ErrorKind::Server, true),
        (
            Reply::json(200, json!({"promptFeedback": {"blockReason": "SAFETY"}})),
            ErrorKind::ContentFilter,
            false,
        ),
    ] {
        for error in errors_of_all_calls(&reply) {
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
            assert!(error.service().is_some());
        }
    }
}

#[test]
fn the_service_says_how_long_to_wait() {
    let busy = || Reply::json(429, exhausted("RequestsPerMinute"));
    let server = Server::replay([busy(), Reply::json(200, text("a")), busy(), Reply::sse(events(&["b"]))]);
    let timer = Hasty::default();
    let start = timer.now();
    let chat = builder(&server).with_max_retries(1).with_timer(timer.clone()).build().expect("a model");
    assert_eq!(block_on(chat.invoke("Hi")).expect("an answer").text(), "a");
    assert_eq!(timer.now() - start, Duration::from_millis(34_500));
    assert_eq!(fold(drain(chat.stream("Hi")).0).text(), "b");
    assert_eq!(timer.now() - start, Duration::from_secs(69));
}

#[test]
fn what_waiting_does_not_mend_is_not_tried_again() {
    for body in [exhausted("RequestsPerDay"), error(400, "INVALID_ARGUMENT", "m")] {
        let status = u16::try_from(body["error"]["code"].as_u64().expect("a code")).expect("a status");
        let server = Server::replay([Reply::json(status, body)]);
        let chat =
            builder(&server).with_max_retries(3).with_timer(Hasty::default()).build().expect("a model");
        block_on(chat.invoke("Hi")).expect_err("an error");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_withheld_answer_says_so() {
    let server = Server::replay([Reply::json(200, json!({"candidates": [{"finishReason": "SAFETY"}]}))]);
    let answer = block_on(chat(&server).invoke("Hi")).expect("an answer");
    assert_eq!(answer.metadata.finish_reason.as_deref(), Some("content_filter"));
    assert_eq!(answer.metadata.extra["finishReason"], "SAFETY");
}
