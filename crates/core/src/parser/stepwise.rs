//! Incremental parsers: one implementation for calls and streams.

use std::collections::VecDeque;
use std::task::{Poll, ready};

use futures_util::stream;

use crate::chunk::merge_option;
use crate::{Chunk, ChunkStream, Error, ErrorKind, Result};

/// The state of parsing one answer.
pub(crate) trait Stepwise: Send {
    type Input: Chunk;
    type Output: Chunk;

    /// Consumes the next chunk.
    fn push(&mut self, chunk: Self::Input, give: &mut dyn FnMut(Self::Output));

    /// Returns the error that makes further parsing pointless, once there is one.
    fn failure(&mut self) -> Option<Error> {
        None
    }

    /// Consumes the end of the answer.
    fn end(&mut self, give: &mut dyn FnMut(Self::Output)) -> Result<()>;
}

/// Parses a complete answer and returns the merged chunks.
pub(super) fn parse_all<P: Stepwise>(mut parser: P, answer: P::Input) -> Result<P::Output> {
    let mut whole = P::Output::empty();
    let mut give = |chunk| merge_option(&mut whole, chunk);
    parser.push(answer, &mut give);
    if let Some(error) = parser.failure() {
        return Err(error);
    }
    parser.end(&mut give)?;
    whole.ok_or_else(|| Error::new(ErrorKind::Parse, "the answer is empty"))
}

/// Parses an answer while it is streamed. An answer without chunks gives none.
pub(super) fn parse_stream<'a, P: Stepwise + 'a>(
    mut parser: P,
    mut answer: ChunkStream<'a, P::Input>,
) -> ChunkStream<'a, P::Output> {
    let mut ready: VecDeque<Result<P::Output>> = VecDeque::new();
    let (mut began, mut ended) = (false, false);
    Box::pin(stream::poll_fn(move |task| {
        loop {
            if let Some(chunk) = ready.pop_front() {
                return Poll::Ready(Some(chunk));
            }
            if ended {
                return Poll::Ready(None);
            }
            let mut give = |chunk| ready.push_back(Ok(chunk));
            match ready!(answer.as_mut().poll_next(task)) {
                Some(Ok(chunk)) => {
                    began = true;
                    parser.push(chunk, &mut give);
                    if let Some(error) = parser.failure() {
                        ended = true;
                        ready.push_back(Err(error));
                    }
                }
                Some(Err(error)) => {
                    ended = true;
                    ready.push_back(Err(error));
                }
                None => {
                    ended = true;
                    if began && let Err(error) = parser.end(&mut give) {
                        ready.push_back(Err(error));
                    }
                }
            }
        }
    }))
}
