//! What all tests use: a model of a server, and answers.

use catena_core::{Error, Result, RunnableExt};
use catena_llm_gemini::{ChatGemini, ChatGeminiBuilder};
use catena_testkit::{Reply, Server};
pub(crate) use catena_testkit::{fold, shown};
use futures_executor::block_on;
use futures_util::Stream;
use serde_json::{Value, json};

pub(crate) const KEY: &str = "AIza-test-4f9a1c77d2e8";

pub(crate) fn builder(server: &Server) -> ChatGeminiBuilder {
    ChatGemini::builder()
        .ignore_environment()
        .with_base_url(server.url())
        .with_api_key(KEY)
        .with_model("gemini-2.5-flash")
        .with_max_retries(0)
}

pub(crate) fn chat(server: &Server) -> ChatGemini {
    builder(server).build().expect("a model")
}

fn envelope(parts: Value, finish: Option<&str>) -> Value {
    let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
    let mut envelope = json!({"modelVersion": "gemini-2.5-flash", "responseId": "r1"});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
        envelope["usageMetadata"] =
            json!({"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 7});
    }
    envelope["candidates"] = json!([candidate]);
    envelope
}

/// An answer of these parts.
pub(crate) fn answer(parts: Value) -> Value {
    envelope(parts, Some("STOP"))
}

pub(crate) fn text(text: &str) -> Value {
    answer(json!([{"text": text}]))
}

/// The events of a streamed answer that says the same as [`text`] of the texts joined.
pub(crate) fn events(texts: &[&str]) -> Vec<String> {
    let pieces = texts.iter().map(|text| envelope(json!([{"text": text}]), None));
    let end = envelope(json!([{"text": ""}]), Some("STOP"));
    pieces.chain([end]).map(|event| event.to_string()).collect()
}

/// An error as Google writes it.
pub(crate) fn error(code: u16, status: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "status": status}})
}

/// The chunks of a stream and the error it ended with.
pub(crate) fn drain<T>(stream: impl Stream<Item = Result<T>>) -> (Vec<T>, Option<Error>) {
    block_on(catena_testkit::drain(stream))
}

/// The errors of a call and a stream of a server that gives this reply.
pub(crate) fn errors_of_all_calls(reply: &Reply) -> Vec<Error> {
    let server = Server::replay([reply.clone()]);
    let chat = chat(&server);
    vec![block_on(chat.invoke("Hi")).expect_err("an error"), drain(chat.stream("Hi")).1.expect("an error")]
}
