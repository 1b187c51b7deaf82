//! Helpers for the tests of the codec.

use catena_core::{Chunk, Result};

use super::{Origin, StreamDecoder};

/// An answer whose request had the id `req_1`.
pub(super) fn origin() -> Origin {
    Origin { request_id: Some("req_1".into()), ..Origin::default() }
}

/// Decodes events, the last of which may be `[DONE]`. Returns the chunks up to the end or the first error.
pub(super) fn decode<D: StreamDecoder>(mut decoder: D, events: &[&str]) -> (Vec<D::Chunk>, Result<()>) {
    let mut chunks = Vec::new();
    for event in events {
        let decoded = match *event {
            "[DONE]" => return end(decoder, chunks, true),
            data => decoder.event(None, data, &origin()),
        };
        match decoded {
            Ok(chunk) => chunks.extend(chunk),
            Err(error) => return (chunks, Err(error)),
        }
    }
    end(decoder, chunks, false)
}

fn end<D: StreamDecoder>(
    mut decoder: D,
    mut chunks: Vec<D::Chunk>,
    marked: bool,
) -> (Vec<D::Chunk>, Result<()>) {
    let ended = decoder.end(marked, &origin()).map(|last| chunks.extend(last));
    (chunks, ended)
}

/// All chunks added up.
pub(super) fn fold<T: Chunk + Default>(chunks: Vec<T>) -> T {
    chunks.into_iter().fold(T::default(), |mut whole, chunk| {
        whole.merge(chunk);
        whole
    })
}
