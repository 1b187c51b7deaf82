//! The results of a batch.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use catena_core::{AiMessage, Error, ErrorKind, Result};
use catena_http::Body;
use catena_http::service::Origin;
use futures_util::Stream;
use serde_json::Value;

use crate::chat_api::ChatApi;
use crate::codec::batch_lines::{Line, LineAnswer};
use crate::codec::completions::decode_completions;
use crate::codec::embeddings::{Embedded, decode_embeddings};
use crate::completion::Completion;
use crate::embeddings::EmbeddingAnswer;

/// The maximum length of a line, in bytes.
const MAX_LINE: usize = 64 << 20;

/// The result of one request of a batch.
///
/// # Example
/// See [`OpenAiBatch`](super::OpenAiBatch), which returns results in the order of the prompts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BatchResult {
    /// The `custom_id` of the request.
    pub custom_id: String,
    /// The answer, or an error: the service's, or `Timeout` if the batch expired or `Cancelled` if it was cancelled
    /// before the request was processed.
    pub outcome: Result<BatchAnswer>,
}

/// A successful response to a request of a batch.
///
/// # Example
/// ```
/// use catena_llm_openai::BatchAnswer;
/// fn print(answer: &BatchAnswer) -> Result<(), catena_core::Error> {
///     for completion in answer.completions()? {
///         println!("{}", completion.text);
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// The body of the response.
    pub body: Value,
}

impl BatchAnswer {
    /// Decodes an answer of `/v1/embeddings`.
    ///
    /// # Errors
    /// `InvalidResponse` for an answer of another endpoint.
    pub fn embeddings(&self) -> Result<EmbeddingAnswer> {
        let inputs = self.body["data"].as_array().map_or(1, |vectors| vectors.len().max(1));
        let Embedded { vectors, model, usage } = decode_embeddings(&self.json(), inputs, &self.origin())?;
        Ok(EmbeddingAnswer { vectors, model, usage })
    }

    /// Decodes an answer of `/v1/completions`: the completions of all its prompts, in order.
    ///
    /// # Errors
    /// `InvalidResponse` for an answer of another endpoint.
    pub fn completions(&self) -> Result<Vec<Completion>> {
        decode_completions(&self.json(), 1, &self.origin())
            .map(|of_prompts| of_prompts.into_iter().flatten().collect())
    }

    /// Decodes an answer of `/v1/chat/completions` or `/v1/responses`: its first message.
    ///
    /// # Errors
    /// `InvalidResponse` for an answer of another endpoint.
    pub fn message(&self) -> Result<AiMessage> {
        self.message_of(if self.body.get("output").is_some() {
            ChatApi::Responses
        } else {
            ChatApi::Completions
        })
    }

    pub(super) fn message_of(&self, api: ChatApi) -> Result<AiMessage> {
        api.decode(&self.json(), &self.origin(), false)
    }

    fn json(&self) -> Vec<u8> {
        self.body.to_string().into_bytes()
    }

    fn origin(&self) -> Origin {
        Origin { request_id: self.request_id.clone(), ..Origin::default() }
    }
}

impl From<Line> for BatchResult {
    fn from(Line { custom_id, outcome }: Line) -> Self {
        let answer = |LineAnswer { status, request_id, body }| BatchAnswer { status, request_id, body };
        Self { custom_id, outcome: outcome.map(answer) }
    }
}

/// The non-empty lines of a body, as they arrive. Buffers at most one.
pub(super) struct Lines {
    body: Option<Body>,
    buffer: BytesMut,
    /// The length of the buffer's start that is known to have no line break.
    searched: usize,
}

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        Self { body: Some(body), buffer: BytesMut::new(), searched: 0 }
    }

    /// Takes the next complete line off the buffer.
    fn next_line(&mut self) -> Option<BytesMut> {
        loop {
            let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                return None;
            };
            let line = self.buffer.split_to(self.searched + at + 1);
            self.searched = 0;
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
    }
}

impl Stream for Lines {
    type Item = Result<BytesMut>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(line) = self.next_line() {
                return Poll::Ready(Some(Ok(line)));
            }
            let Some(body) = &mut self.body else {
                let last = self.buffer.split();
                self.searched = 0;
                return Poll::Ready((!last.trim_ascii().is_empty()).then_some(Ok(last)));
            };
            match ready!(Pin::new(body).poll_next(task)) {
                Some(Ok(bytes)) if self.buffer.len() + bytes.len() > MAX_LINE => {
                    (self.body, self.buffer) = (None, BytesMut::new());
                    let message = format!("a line of the results is longer than {MAX_LINE} bytes");
                    return Poll::Ready(Some(Err(Error::new(ErrorKind::TooLarge, message))));
                }
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    // An incomplete line is discarded.
                    (self.body, self.buffer, self.searched) = (None, BytesMut::new(), 0);
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.body = None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures_executor::block_on;
    use futures_util::{StreamExt, stream};

    fn lines(pieces: Vec<Result<Bytes>>) -> Vec<Result<String, ErrorKind>> {
        let lines = Lines::new(Body::from_stream(stream::iter(pieces)));
        let text = |line: BytesMut| String::from_utf8_lossy(&line).trim_end().to_owned();
        block_on(lines.map(|line| line.map(text).map_err(|error| error.kind())).collect())
    }

    #[test]
    fn lines_arrive_however_they_are_cut() {
        let text = "{\"a\":1}\r\n\n{\"é\":2}\n  \n{}";
        let expected = ["{\"a\":1}", "{\"é\":2}", "{}"].map(|line| Ok(line.to_owned()));
        for size in 1..text.len() {
            let pieces = text.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece)));
            assert_eq!(lines(pieces.collect()), expected, "pieces of {size}");
        }
    }

    #[test]
    fn a_connection_that_breaks_loses_half_a_line() {
        let broken = Error::new(ErrorKind::Connection, "gone");
        let pieces = vec![Ok(Bytes::from("{}\n{\"a")), Err(broken)];
        assert_eq!(lines(pieces), [Ok("{}".to_owned()), Err(ErrorKind::Connection)]);
    }
}
