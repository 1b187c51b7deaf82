//! Streams in which values replace each other, reduced to the final value.

use std::task::{Poll, ready};

use futures_util::stream;

use crate::chunk::merge_option;
use crate::{ChunkStream, Data};

/// Holds back chunks that a later chunk may replace until the end of the stream; all others pass through immediately.
/// For steps that emit output for each chunk and could not retract it.
pub(super) fn settled(
    mut chunks: ChunkStream<'_, Data>,
    replaceable: fn(&Data) -> bool,
) -> ChunkStream<'_, Data> {
    let mut held: Option<Data> = None;
    let mut ended = false;
    Box::pin(stream::poll_fn(move |task| {
        while !ended {
            match ready!(chunks.as_mut().poll_next(task)) {
                Some(Ok(chunk)) if held.is_some() || replaceable(&chunk) => merge_option(&mut held, chunk),
                Some(Ok(chunk)) => return Poll::Ready(Some(Ok(chunk))),
                Some(Err(error)) => {
                    (held, ended) = (None, true);
                    return Poll::Ready(Some(Err(error)));
                }
                None => ended = true,
            }
        }
        Poll::Ready(held.take().map(Ok))
    }))
}

/// Returns `true` for a record that the next one replaces.
pub(super) fn is_whole_record(data: &Data) -> bool {
    matches!(data, Data::Record(record) if !record.is_mergeable())
}

/// Returns `true` for any value that the next chunk replaces.
pub(super) fn is_replaceable(data: &Data) -> bool {
    is_whole_record(data) || matches!(data, Data::Bool(_) | Data::Number(_) | Data::Error(_) | Data::Json(_))
}
