//! Models whose service is played: it answers with the bytes of the input.

use std::sync::Arc;

use bytes::Bytes;
use catena_core::{Chunk, ErrorKind, PromptValue, Runnable, RunnableExt};
use catena_http::{Body, HttpClient, HttpTransport, ResponseFuture};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::input::Input;
use crate::law::bounded;

/// How server-sent events come.
pub(super) const EVENTS: &str = "text/event-stream; charset=utf-8";

/// How values come that have a line each.
pub(super) const LINES: &str = "application/x-ndjson";

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

/// A streamed answer says the same however its bytes arrive.
pub(super) fn streamed<M>(input: Input<'_>, kind: &'static str, model: impl Fn(HttpClient) -> M)
where
    M: Runnable<Input: From<PromptValue>>,
{
    let whole = stream_of(&model(client(200, kind, vec![Bytes::copy_from_slice(input.bytes)])));
    let pieces = stream_of(&model(client(200, kind, pieces(input))));
    assert!(whole == pieces, "whole: {whole:?}\nin pieces: {pieces:?}");
}

/// A whole answer, with every status.
pub(super) fn answered<M>(input: Input<'_>, model: impl Fn(HttpClient) -> M)
where
    M: Runnable<Input: From<PromptValue>>,
{
    let status = [200, 200, 200, 400, 401, 404, 429, 500, 302, 204][usize::from(input.control % 10)];
    let model = model(client(status, "application/json", pieces(input)));
    if let Err(error) = block_on(model.invoke(prompt())) {
        bounded(&error);
    }
}

fn prompt() -> PromptValue {
    PromptValue::Text("x".to_owned())
}

/// What came, and how it ended.
type Streamed = (Option<Value>, Option<(ErrorKind, String)>);

fn stream_of<M>(model: &M) -> Streamed
where
    M: Runnable<Input: From<PromptValue>>,
{
    block_on(async {
        let mut chunks = model.stream(prompt());
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

fn pieces(input: Input<'_>) -> Vec<Bytes> {
    input.pieces().into_iter().map(Bytes::copy_from_slice).collect()
}
