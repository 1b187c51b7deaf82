//! Helpers for the tests of the codec.

use catena_core::{Chunk, Result};
use catena_http::service::Origin;

use super::StreamDecoder;

/// An answer whose request had the id `req_1`.
pub(super) fn origin() -> Origin {
    Origin { request_id: Some("req_1".into()), status: Some(200), ..Origin::default() }
}

/// Decodes events. Returns the chunks up to the end or the first error.
pub(super) fn decode<D: StreamDecoder>(mut decoder: D, events: &[&str]) -> (Vec<D::Chunk>, Result<()>) {
    let mut chunks = Vec::new();
    for event in events {
        match decoder.event(None, event, &origin()) {
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
