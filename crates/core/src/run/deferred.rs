//! Streams that must be awaited before they begin.

use std::pin::Pin;
use std::task::{self, Poll, ready};

use futures_core::Stream;

use crate::{ChunkStream, Result};

/// Returns a stream that yields the items of the stream that `make` resolves to, or its error as the only item.
///
/// The future is dropped once it has resolved, and chunks then pass through directly, where stream combinators would
/// move each chunk again.
///
/// # Example
/// ```
/// use catena_core::{deferred, gather, ChunkStream};
/// # futures_executor::block_on(async {
/// let chunks: ChunkStream<'_, String> = deferred(async {
///     let pieces = [Ok("tooth".to_string()), Ok("paste".to_string())];
///     Ok(Box::pin(futures_util::stream::iter(pieces)) as ChunkStream<'_, String>)
/// });
/// assert_eq!(gather(chunks).await?, Some("toothpaste".to_string()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub fn deferred<'a, T: 'a>(
    make: impl Future<Output = Result<ChunkStream<'a, T>>> + Send + 'a,
) -> ChunkStream<'a, T> {
    Box::pin(Deferred::Awaited(Box::pin(make)))
}

enum Deferred<'a, T> {
    Awaited(Pin<Box<dyn Future<Output = Result<ChunkStream<'a, T>>> + Send + 'a>>),
    Open(ChunkStream<'a, T>),
    Ended,
}

impl<T> Stream for Deferred<'_, T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut task::Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            match &mut *self {
                Self::Awaited(make) => match ready!(make.as_mut().poll(task)) {
                    Ok(chunks) => *self = Self::Open(chunks),
                    Err(error) => {
                        *self = Self::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                Self::Open(chunks) => {
                    let next = chunks.as_mut().poll_next(task);
                    if let Poll::Ready(None) = next {
                        *self = Self::Ended;
                    }
                    return next;
                }
                Self::Ended => return Poll::Ready(None),
            }
        }
    }
}
