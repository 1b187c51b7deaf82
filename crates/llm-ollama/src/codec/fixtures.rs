//! Helpers for the tests of the codec.

use catena_core::{Chunk, Result};

use super::{Origin, StreamDecoder};

/// An answer whose request had the id `req_1`.
pub(super) fn origin() -> Origin {
    Origin { request_id: Some("req_1".into()), ..Origin::default() }
}

/// Decodes lines. Returns the chunks up to the end or the first error.
pub(super) fn decode<D: StreamDecoder>(mut decoder: D, lines: &[&str]) -> (Vec<D::Chunk>, Result<()>) {
    let mut chunks = Vec::new();
    for line in lines {
        match decoder.event(None, line, &origin()) {
            Ok(chunk) => chunks.extend(chunk),
            Err(error) => return (chunks, Err(error)),
        }
    }
    let ended = decoder.end(false, &origin()).map(|last| chunks.extend(last));
    (chunks, ended)
}

/// All chunks added up.
pub(super) fn fold<T: Chunk + Default>(chunks: Vec<T>) -> T {
    chunks.into_iter().fold(T::default(), |mut whole, chunk| {
        whole.merge(chunk);
        whole
    })
}
