//! What all tests use: models of a server, and answers.

use catena_core::{Error, Result, RunnableExt};
use catena_llm_ollama::{ChatOllama, ChatOllamaBuilder, Ollama, OllamaBuilder};
use catena_testkit::{Reply, Server};
pub(crate) use catena_testkit::{fold, shown};
use futures_executor::block_on;
use futures_util::Stream;
use serde_json::{Value, json};

pub(crate) const KEY: &str = "ollama-test-4f9a1c77d2e8";

pub(crate) fn chat_builder(server: &Server) -> ChatOllamaBuilder {
    let builder = ChatOllama::builder().ignore_environment().with_base_url(server.url());
    builder.with_model("m").with_api_key(KEY).with_max_retries(0)
}

pub(crate) fn llm_builder(server: &Server) -> OllamaBuilder {
    let builder = Ollama::builder().ignore_environment().with_base_url(server.url());
    builder.with_model("m").with_api_key(KEY).with_max_retries(0)
}

pub(crate) fn chat(server: &Server) -> ChatOllama {
    chat_builder(server).build().expect("a model")
}

pub(crate) fn llm(server: &Server) -> Ollama {
    llm_builder(server).build().expect("a model")
}

/// The members of a last line.
fn end(mut line: Value) -> Value {
    let facts = json!({"model": "m-1", "created_at": "2025-01-01T00:00:00.5Z", "done": true, "done_reason": "stop",
        "total_duration": 9, "load_duration": 1, "prompt_eval_count": 5, "eval_count": 2});
    if let (Value::Object(line), Value::Object(facts)) = (&mut line, facts) {
        line.extend(facts);
    }
    line
}

pub(crate) fn chat_answer(text: &str) -> Value {
    end(json!({"message": {"role": "assistant", "content": text}}))
}

pub(crate) fn completion(text: &str) -> Value {
    end(json!({"response": text, "context": [1, 2]}))
}

/// The lines of a chat that says the same as [`chat_answer`] of the texts joined.
pub(crate) fn chat_lines(texts: &[&str]) -> Vec<Value> {
    let piece = |text: &&str| {
        json!({"model": "m-1", "created_at": "2025-01-01T00:00:00Z", "done": false,
            "message": {"role": "assistant", "content": text}})
    };
    texts.iter().map(piece).chain([chat_answer("")]).collect()
}

pub(crate) fn completion_lines(texts: &[&str]) -> Vec<Value> {
    let piece = |text: &&str| json!({"model": "m-1", "response": text, "done": false});
    texts.iter().map(piece).chain([completion("")]).collect()
}

/// A streamed answer of these lines.
pub(crate) fn ndjson(lines: &[Value]) -> Reply {
    let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Reply::bytes(200, body).with_header("content-type", "application/x-ndjson")
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
