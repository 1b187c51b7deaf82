//! A step that received input produces output: the empty value, if its stream yields no chunk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures_util::{StreamExt, stream};

use crate::{Chunk, ChunkStream};

/// Returns the output of `step` on this input. If the stream yields no chunk, the empty value is emitted, so that the
/// next step receives it as it would after a call. Without any input there is no output.
///
/// `asked` is set once input has arrived.
pub(super) fn answered<'a, I, O>(
    input: ChunkStream<'a, I>,
    asked: Arc<AtomicBool>,
    step: impl FnOnce(ChunkStream<'a, I>) -> ChunkStream<'a, O>,
) -> ChunkStream<'a, O>
where
    I: Chunk,
    O: Chunk,
{
    if O::empty().is_none() {
        return step(input);
    }
    let note = Arc::clone(&asked);
    let input = input.inspect(move |chunk| {
        if chunk.is_ok() {
            note.store(true, Ordering::Relaxed);
        }
    });
    let mut output = Some(step(Box::pin(input)));
    let mut silent = true;
    Box::pin(stream::poll_fn(move |task| {
        let Some(open) = &mut output else { return Poll::Ready(None) };
        let next = open.as_mut().poll_next(task);
        match next {
            Poll::Pending => {}
            Poll::Ready(Some(_)) => silent = false,
            Poll::Ready(None) => {
                output = None;
                if silent && asked.load(Ordering::Relaxed) {
                    return Poll::Ready(O::empty().map(Ok));
                }
            }
        }
        next
    }))
}
