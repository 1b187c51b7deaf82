//! Streams of our client, read to their end.

use catena::{Chunk, Error, Result, StreamExt as _};
use futures_util::Stream;

/// The chunks of a stream, and the error that it ended with.
pub(super) async fn drain<T>(stream: impl Stream<Item = Result<T>>) -> (Vec<T>, Option<Error>) {
    let mut stream = std::pin::pin!(stream);
    let mut chunks = Vec::new();
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => chunks.push(chunk),
            Err(error) => return (chunks, Some(error)),
        }
    }
    (chunks, None)
}

/// All chunks merged.
pub(super) fn merged<T: Chunk>(chunks: Vec<T>) -> Option<T> {
    chunks.into_iter().reduce(|mut whole, chunk| {
        whole.merge(chunk);
        whole
    })
}
