//! Server-sent events.

use bytes::Bytes;
use catena_core::{ErrorKind, Result};
use catena_http::{Event, decode_events};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};

use crate::input::Input;
use crate::law::bounded;

pub(super) const WORDS: &[&str] = &[
    "data:", "data: ", "event: ", "id: ", "retry: ", ": ", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n",
    "\u{feff}", "[DONE]", "{}", "é", "🦀", "\0", "data", ":",
];

/// What a stream of bytes says, and how it ends.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> (Vec<Event>, Option<ErrorKind>) {
    let pieces: Vec<Result<Bytes>> =
        pieces.into_iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let mut decoded = (Vec::new(), None);
    block_on(async {
        let mut events = decode_events(stream::iter(pieces), limit);
        while let Some(event) = events.next().await {
            assert_eq!(decoded.1, None, "nothing comes after an error");
            match event {
                Ok(event) => decoded.0.push(event),
                Err(error) => {
                    bounded(&error);
                    decoded.1 = Some(error.kind());
                }
            }
        }
    });
    decoded
}

/// The same events however the bytes arrive, none larger than allowed.
pub(super) fn sse(data: &[u8]) {
    let input = Input::new(data);
    for limit in [16, 1 << 20] {
        let whole = decode([input.bytes], limit);
        let pieces = decode(input.pieces(), limit);
        assert!(whole == pieces, "whole: {whole:?}\nin pieces: {pieces:?}");
        assert!(whole.0.iter().all(|event| event.data.len() <= limit));
        let size: usize = whole.0.iter().map(|event| event.data.len()).sum();
        assert!(size <= input.bytes.len());
    }
}
