//! What all tests use: models of a server, and answers.

use std::time::{Duration, Instant, SystemTime};

use catena_core::fakes::FakeTimer;
use catena_core::{Error, Result, RunnableExt, Sleep, Timer};
use catena_llm_openai::{ChatOpenAi, ChatOpenAiBuilder, OpenAi, OpenAiBuilder};
use catena_testkit::{Reply, Server};
pub(crate) use catena_testkit::{fold, shown};
use futures_executor::block_on;
use futures_util::Stream;
use serde_json::{Value, json};

pub(crate) const KEY: &str = "sk-test-4f9a1c77d2e8";

/// Long enough for a busy machine, short enough for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Midnight of the first of January 2026, in seconds since 1970.
pub(crate) const NOW: u64 = 1_767_225_600;

/// Waits take no time, and are noted. It is always [`NOW`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Hasty(pub(crate) FakeTimer);

impl Timer for Hasty {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let sleep = self.0.sleep(duration);
        self.0.advance(duration);
        sleep
    }
}

pub(crate) fn llm_builder(server: &Server) -> OpenAiBuilder {
    OpenAi::builder()
        .ignore_environment()
        .with_base_url(format!("{}/v1", server.url()))
        .with_api_key(KEY)
        .with_max_retries(0)
}

pub(crate) fn chat_builder(server: &Server) -> ChatOpenAiBuilder {
    ChatOpenAi::builder()
        .ignore_environment()
        .with_base_url(format!("{}/v1", server.url()))
        .with_api_key(KEY)
        .with_max_retries(0)
}

pub(crate) fn llm(server: &Server) -> OpenAi {
    llm_builder(server).build().expect("a model")
}

pub(crate) fn chat(server: &Server) -> ChatOpenAi {
    chat_builder(server).build().expect("a model")
}

pub(crate) fn completion(text: &str) -> Value {
    json!({
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m-1",
        "choices": [{"index": 0, "text": text, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    })
}

pub(crate) fn chat_completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-1", "system_fingerprint": "fp",
        "choices": [{
            "index": 0, "message": {"role": "assistant", "content": text, "refusal": null}, "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    })
}

/// The events of a streamed text completion.
pub(crate) fn completion_events(texts: &[&str]) -> Vec<String> {
    let chunk = |text: &str, finish: Value| {
        let choice = json!({"index": 0, "text": text, "finish_reason": finish});
        json!({"id": "cmpl-1", "object": "text_completion", "model": "m-1", "choices": [choice]}).to_string()
    };
    let pieces = texts.iter().map(|text| chunk(text, Value::Null));
    pieces.chain([chunk("", "stop".into()), "[DONE]".to_owned()]).collect()
}

/// The events of a streamed chat completion that says the same as [`chat_completion`] of the texts joined.
pub(crate) fn chat_events(texts: &[&str]) -> Vec<String> {
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1",
            "system_fingerprint": "fp", "choices": choices, "usage": usage,
        })
        .to_string()
    };
    let delta = |delta: Value, finish: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), Value::Null)
    };
    let mut events = vec![delta(json!({"role": "assistant", "content": ""}), Value::Null)];
    events.extend(texts.iter().map(|text| delta(json!({"content": text}), Value::Null)));
    events.push(delta(json!({}), "stop".into()));
    events.push(chunk(json!([]), json!({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7})));
    events.push("[DONE]".to_owned());
    events
}

/// The chunks of a stream and the error it ended with.
pub(crate) fn drain<T>(stream: impl Stream<Item = Result<T>>) -> (Vec<T>, Option<Error>) {
    block_on(catena_testkit::drain(stream))
}

/// The error of each of the four ways to call a model of a server that gives this reply.
pub(crate) fn errors_of_all_calls(reply: &Reply) -> Vec<Error> {
    let server = Server::replay([reply.clone()]);
    let (llm, chat) = (llm(&server), chat(&server));
    vec![
        block_on(llm.invoke("Hi")).expect_err("an error"),
        drain(llm.stream("Hi")).1.expect("an error"),
        block_on(chat.invoke("Hi")).expect_err("an error"),
        drain(chat.stream("Hi")).1.expect("an error"),
    ]
}
