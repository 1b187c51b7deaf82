//! Streamed inputs.

use catena_core::ChunkStream;
use futures_util::{StreamExt, stream};

use super::polls::pause;

/// Streams the chunks, with a pause before every other one.
pub(super) fn arriving<'a, T: Send + 'a>(chunks: Vec<T>) -> ChunkStream<'a, T> {
    let chunks = stream::iter(chunks.into_iter().enumerate());
    let paused = chunks.then(|(index, chunk)| async move {
        if index % 2 == 1 {
            pause().await;
        }
        Ok(chunk)
    });
    paused.boxed()
}
