//! What OpenAI's services answer, decoded by the models themselves on a transport that plays it.

use std::sync::Arc;

use bytes::Bytes;
use catena_core::{Chunk, ErrorKind, PromptValue, Runnable, RunnableExt};
use catena_http::{Body, HttpClient, HttpTransport, ResponseFuture};
use catena_llm_openai::{ChatOpenAi, OpenAi};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::input::Input;
use crate::law::bounded;

pub(super) const WORDS: &[&str] = &[
    "data: ",
    "\n\n",
    "\r\n\r\n",
    "data: [DONE]\n\n",
    "event: error\n",
    "event: response.completed\n",
    ": ping\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"error\":{\"message\":\"m\"}}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n",
    "data: {\"choices\":[{\"text\":\"a\",\"index\":0}]}\n\n",
    "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"a\"}\n\n",
    "data: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"type\":\"function_call\",\"id\":\"f\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"\"}}\n\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[]}}\n\n",
    "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[]},\"finish_reason\":\"stop\"}]}",
    "null",
    "[",
    "]",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "1e999",
    "-1",
    "99999999999999999999",
    "\\ud800",
    "\"choices\":",
    "\"delta\":",
];

/// Plays an answer.
#[derive(Debug)]
struct Played {
    status: u16,
    kind: &'static str,
    pieces: Vec<Bytes>,
}

impl HttpTransport for Played {
    fn send(&self, _request: http::Request<Bytes>) -> ResponseFuture {
        let body = Body::from_stream(stream::iter(self.pieces.clone().into_iter().map(Ok)));
        let answer =
            http::Response::builder().status(self.status).header("content-type", self.kind).body(body);
        Box::pin(async move { answer.map_err(catena_core::Error::other) })
    }
}

fn client(status: u16, kind: &'static str, pieces: Vec<Bytes>) -> HttpClient {
    let played = Arc::new(Played { status, kind, pieces });
    HttpClient::builder().with_transport(played).build().unwrap_or_else(|error| panic!("{error}"))
}

fn chat(client: HttpClient, responses: bool) -> ChatOpenAi {
    let builder = ChatOpenAi::builder().ignore_environment().with_api_key("sk-x").with_max_retries(0);
    let builder = builder.with_use_responses_api(responses).with_http_client(client);
    builder.build().unwrap_or_else(|error| panic!("{error}"))
}

fn completions(client: HttpClient) -> OpenAi {
    let builder = OpenAi::builder().ignore_environment().with_api_key("sk-x").with_max_retries(0);
    builder.with_http_client(client).build().unwrap_or_else(|error| panic!("{error}"))
}

/// What came, and how it ended.
type Streamed = (Option<Value>, Option<(ErrorKind, String)>);

fn stream_of<M>(model: &M) -> Streamed
where
    M: Runnable<Input: From<PromptValue>>,
{
    block_on(async {
        let mut chunks = model.stream(PromptValue::Text("x".to_owned()));
        let mut whole: Option<M::Output> = None;
        while let Some(chunk) = chunks.next().await {
            match (chunk, &mut whole) {
                (Ok(chunk), Some(whole)) => whole.merge(chunk),
                (Ok(chunk), None) => whole = Some(chunk),
                (Err(error), _) => {
                    bounded(&error);
                    let whole = whole.map(|whole| whole.to_json());
                    return (whole, Some((error.kind(), error.to_string())));
                }
            }
        }
        (whole.map(|whole| whole.to_json()), None)
    })
}

fn pieces(input: &Input<'_>) -> Vec<Bytes> {
    input.pieces().into_iter().map(Bytes::copy_from_slice).collect()
}

const EVENTS: &str = "text/event-stream; charset=utf-8";

/// Streamed chat completions: the same however the bytes arrive.
pub(super) fn chat_stream(data: &[u8]) {
    let input = Input::new(data);
    let model = |pieces| chat(client(200, EVENTS, pieces), false);
    same(stream_of(&model(vec![Bytes::copy_from_slice(input.bytes)])), stream_of(&model(pieces(&input))));
}

/// Streamed responses.
pub(super) fn responses_stream(data: &[u8]) {
    let input = Input::new(data);
    let model = |pieces| chat(client(200, EVENTS, pieces), true);
    same(stream_of(&model(vec![Bytes::copy_from_slice(input.bytes)])), stream_of(&model(pieces(&input))));
}

/// Streamed completions.
pub(super) fn completion_stream(data: &[u8]) {
    let input = Input::new(data);
    let model = |pieces| completions(client(200, EVENTS, pieces));
    same(stream_of(&model(vec![Bytes::copy_from_slice(input.bytes)])), stream_of(&model(pieces(&input))));
}

fn same(whole: Streamed, pieces: Streamed) {
    assert!(whole == pieces, "whole: {whole:?}\nin pieces: {pieces:?}");
}

/// Whole answers, with every status.
pub(super) fn chat_answer(data: &[u8]) {
    let input = Input::new(data);
    let status = [200, 200, 200, 400, 401, 404, 429, 500, 302, 204][usize::from(input.control % 10)];
    for responses in [false, true] {
        let model = chat(client(status, "application/json", pieces(&input)), responses);
        if let Err(error) = block_on(model.invoke("x")) {
            bounded(&error);
        }
    }
    let model = completions(client(status, "application/json", pieces(&input)));
    if let Err(error) = block_on(model.invoke("x")) {
        bounded(&error);
    }
}
