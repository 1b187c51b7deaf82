//! Helpers for the tests of the codec.

use catena_core::Result;
use catena_testkit::decode_events;
pub(super) use catena_testkit::fold;

use super::{Origin, StreamDecoder};

/// An answer whose request had the id `req_1`.
pub(super) fn origin() -> Origin {
    Origin { request_id: Some("req_1".into()), ..Origin::default() }
}

/// Decodes events, the last of which may be `[DONE]`. Returns the chunks up to the end or the first error.
pub(super) fn decode<D: StreamDecoder>(decoder: D, events: &[&str]) -> (Vec<D::Chunk>, Result<()>) {
    decode_events(decoder, events, &origin())
}
