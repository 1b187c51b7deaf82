//! A model tries again by itself, and never more often than the chain around it allows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catena_core::fakes::FakeTimer;
use catena_core::{ErrorKind, RetryPolicy, RunConfig, RunEventKind, RunnableExt, observe_with};
use catena_llm_openai::ChatOpenAi;
use catena_testkit::{Reply, Server};
use futures_executor::block_on;
use serde_json::json;

use crate::support::{Hasty, KEY, chat_completion, chat_events, drain, fold};

fn chat(replies: impl IntoIterator<Item = Reply>) -> (Server, ChatOpenAi, FakeTimer) {
    let server = Server::replay(replies);
    let timer = Hasty::default();
    let builder = ChatOpenAi::builder().ignore_environment().with_base_url(server.url()).with_api_key(KEY);
    let chat = builder.with_timer(Arc::new(timer.clone())).build().expect("a model");
    (server, chat, timer.0)
}

fn busy() -> Reply {
    Reply::json(503, json!({"error": {"message": "busy"}})).with_header("retry-after", "3")
}

#[test]
fn calls_and_streams_are_tried_again() {
    let (server, model, timer) = chat([busy(), Reply::json(200, chat_completion("Hi"))]);
    assert_eq!(block_on(model.invoke("?")).expect("an answer").text(), "Hi");
    assert_eq!((server.requests().len(), timer.sleeps()), (2, vec![Duration::from_secs(3)]));
    let (server, model, _) = chat([busy(), Reply::drop_connection(), Reply::sse(chat_events(&["Hi"]))]);
    let (chunks, error) = drain(model.stream("?"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!((fold(chunks).text().into_owned(), server.requests().len()), ("Hi".to_owned(), 3));
}

#[test]
fn a_stream_whose_response_has_begun_is_left_to_the_chain() {
    let replies = || [Reply::sse(Vec::<String>::new()).end_abort(), Reply::sse(chat_events(&["Hi"]))];
    let (server, model, _) = chat(replies());
    let error = drain(model.stream("?")).1.expect("a stream that was cut");
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Incomplete, true));
    assert_eq!(server.requests().len(), 1);
    let (server, model, _) = chat(replies());
    let policy = RetryPolicy::new().with_max_attempts(2).without_delay();
    let (chunks, error) = drain(model.with_retry(policy).stream("?"));
    assert!(error.is_none(), "{error:?}");
    assert_eq!((fold(chunks).text().into_owned(), server.requests().len()), ("Hi".to_owned(), 2));
}

#[test]
fn a_quota_that_is_used_up_is_not_waited_for() {
    let body =
        json!({"error": {"message": "no", "type": "insufficient_quota", "code": "insufficient_quota"}});
    let (server, model, _) = chat([Reply::json(429, body).with_header("retry-after", "1")]);
    let error = block_on(model.invoke("?")).expect_err("a refusal");
    assert_eq!((error.kind(), error.attempts(), server.requests().len()), (ErrorKind::QuotaExceeded, 1, 1));
}

#[test]
fn three_attempts_around_a_model_are_three_requests() {
    let policy = || RetryPolicy::new().with_max_attempts(3).without_delay();
    let (server, model, _) = chat([busy()]);
    let error = block_on(model.with_retry(policy()).invoke("?")).expect_err("still busy");
    assert_eq!(server.requests().len(), 3);
    assert!(error.to_string().ends_with("busy (after 3 attempts)"), "{error}");
    let (server, model, _) = chat([busy()]);
    drain(model.with_retry(policy()).stream("?")).1.expect("still busy");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn observers_see_every_retry() {
    let (_server, model, _) = chat([busy(), busy(), Reply::json(200, chat_completion("Hi"))]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let config = RunConfig::new().with_observer(observe_with(move |event| {
        let text = format!("{:?}", event.kind);
        assert!(!text.contains(KEY), "{text}");
        if let RunEventKind::Retry { attempt, .. } = event.kind {
            record.lock().expect("a lock").push(attempt);
        }
    }));
    block_on(model.invoke_with("?", &config)).expect("an answer");
    assert_eq!(*seen.lock().expect("a lock"), [2, 3]);
}
