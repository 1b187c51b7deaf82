//! Streams that are restarted until one yields its first chunk.

use futures_util::stream;

use super::replay::Replay;
use crate::{Chunk, ChunkStream, Error};

/// Returns the stream started by `begin`, restarted on errors that `again` allows, until one attempt yields its first
/// chunk or ends. From then on, chunks and errors pass through: nothing that was delivered is repeated.
///
/// `begin` receives the input from its start. `again` receives the error and decides whether to restart, possibly after
/// a delay.
pub(super) fn until_first_chunk<'a, I, O, B, A, Fut>(
    input: ChunkStream<'a, I>,
    begin: B,
    again: A,
) -> ChunkStream<'a, O>
where
    I: Chunk,
    O: Chunk,
    B: FnMut(ChunkStream<'a, I>) -> ChunkStream<'a, O> + Send + 'a,
    A: FnMut(Error) -> Fut + Send + 'a,
    Fut: Future<Output = Result<(), Error>> + Send + 'a,
{
    let input = Replay::new(input);
    Box::pin(stream::unfold(State::Before { input, begin, again }, |state| async move {
        match state {
            State::Before { input, mut begin, mut again } => loop {
                let mut chunks = begin(input.reader());
                match futures_util::StreamExt::next(&mut chunks).await {
                    Some(Ok(chunk)) => {
                        input.settle();
                        return Some((Ok(chunk), State::Flowing(chunks)));
                    }
                    None => return None,
                    Some(Err(error)) if input.failed() => return Some((Err(error), State::Ended)),
                    Some(Err(error)) => {
                        drop(chunks);
                        if let Err(error) = again(error).await {
                            return Some((Err(error), State::Ended));
                        }
                    }
                }
            },
            State::Flowing(mut chunks) => {
                let chunk = futures_util::StreamExt::next(&mut chunks).await?;
                let next = if chunk.is_ok() { State::Flowing(chunks) } else { State::Ended };
                Some((chunk, next))
            }
            State::Ended => None,
        }
    }))
}

enum State<'a, I, O, B, A> {
    /// No chunk has been delivered.
    Before { input: Replay<'a, I>, begin: B, again: A },
    /// An attempt is delivering chunks.
    Flowing(ChunkStream<'a, O>),
    /// It ended with an error.
    Ended,
}
