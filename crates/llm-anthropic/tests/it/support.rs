//! What all tests use: a model of a server, and answers.

use catena_core::{Error, Result, RunnableExt};
use catena_llm_anthropic::{ChatAnthropic, ChatAnthropicBuilder};
use catena_testkit::{Reply, Server};
pub(crate) use catena_testkit::{fold, shown};
use futures_executor::block_on;
use futures_util::Stream;
use serde_json::{Value, json};

pub(crate) const KEY: &str = "sk-ant-test-4f9a1c77d2e8";

pub(crate) fn builder(server: &Server) -> ChatAnthropicBuilder {
    ChatAnthropic::builder()
        .ignore_environment()
        .with_base_url(server.url())
        .with_api_key(KEY)
        .with_max_retries(0)
}

pub(crate) fn chat(server: &Server) -> ChatAnthropic {
    builder(server).build().expect("a model")
}

/// An answer made of these blocks.
pub(crate) fn message(content: Value, stop_reason: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": content,
        "stop_reason": stop_reason, "stop_sequence": null,
        "usage": {"input_tokens": 5, "output_tokens": 2, "service_tier": "standard"},
    })
}

pub(crate) fn text_message(text: &str) -> Value {
    message(json!([{"type": "text", "text": text}]), "end_turn")
}

/// The events of a stream that says the same as [`message`].
pub(crate) fn events(blocks: &[(Value, Vec<Value>)], stop_reason: &str) -> Vec<String> {
    let start = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "content": [],
        "stop_reason": null, "usage": {"input_tokens": 5, "output_tokens": 1, "service_tier": "standard"}});
    let mut events = vec![json!({"type": "message_start", "message": start})];
    for (index, (block, deltas)) in blocks.iter().enumerate() {
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "ping"}));
        let delta = |delta: &Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
        events.extend(deltas.iter().map(delta));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let end = json!({"stop_reason": stop_reason, "stop_sequence": null});
    events.push(json!({"type": "message_delta", "delta": end, "usage": {"output_tokens": 2}}));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(Value::to_string).collect()
}

pub(crate) fn text_events(texts: &[&str]) -> Vec<String> {
    let deltas = texts.iter().map(|text| json!({"type": "text_delta", "text": text})).collect();
    events(&[(json!({"type": "text", "text": ""}), deltas)], "end_turn")
}

/// How many events of [`text_events`] come before the first piece of text.
pub(crate) const BEFORE_TEXT: usize = 3;

/// The events as the service sends them, each with its name.
pub(crate) fn named(events: &[String]) -> Reply {
    let line = |event: &String| {
        let kind = serde_json::from_str::<Value>(event).expect("JSON")["type"].clone();
        format!("event: {}\ndata: {event}\n\n", kind.as_str().unwrap_or_default())
    };
    Reply::bytes(200, events.iter().map(line).collect::<String>())
        .with_header("content-type", "text/event-stream")
}

/// The chunks of a stream and the error it ended with.
pub(crate) fn drain<T>(stream: impl Stream<Item = Result<T>>) -> (Vec<T>, Option<Error>) {
    block_on(catena_testkit::drain(stream))
}

/// The error of each way to call a model of a server that gives this reply.
pub(crate) fn errors_of_all_calls(reply: &Reply) -> Vec<Error> {
    let server = Server::replay([reply.clone()]);
    let chat = chat(&server);
    vec![
        block_on(chat.invoke("Hi")).expect_err("an error"),
        drain(chat.stream("Hi")).1.expect("an error"),
        block_on(chat.count_tokens("Hi")).expect_err("an error"),
    ]
}
