//! Streams with transformed errors.

use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;

use crate::{ChunkStream, Error, Result};

/// Returns the stream with every error transformed by `change`. Unlike with `map`, chunks pass through without another
/// move.
pub(crate) fn map_error<'a, T: 'a>(
    chunks: ChunkStream<'a, T>,
    change: impl FnMut(Error) -> Error + Send + Unpin + 'a,
) -> ChunkStream<'a, T> {
    Box::pin(MapError { chunks, change })
}

struct MapError<'a, T, F> {
    chunks: ChunkStream<'a, T>,
    change: F,
}

impl<T, F: FnMut(Error) -> Error + Unpin> Stream for MapError<'_, T, F> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Result<T>>> {
        let mut next = self.chunks.as_mut().poll_next(task);
        if let Poll::Ready(Some(Err(_))) = next
            && let Poll::Ready(Some(Err(error))) = std::mem::replace(&mut next, Poll::Ready(None))
        {
            next = Poll::Ready(Some(Err((self.change)(error))));
        }
        next
    }
}
