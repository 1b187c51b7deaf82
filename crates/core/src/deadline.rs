//! Giving up on a future or stream when a sleep ends first.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::stream;

use crate::{ChunkStream, Error, ErrorKind, Result, Timer};

/// The future's result, or a `Timeout` error if `limit` passes first. The future is dropped then.
pub(crate) async fn limit_future<T>(
    future: impl Future<Output = Result<T>>,
    limit: Option<Duration>,
    timer: &dyn Timer,
) -> Result<T> {
    let Some(limit) = limit else { return future.await };
    let mut sleep = timer.sleep(limit);
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| Err(timed_out(limit))),
    })
    .await
}

/// The stream, ended by a `Timeout` error if `limit` passes before it is complete.
pub(crate) fn limit_stream<'a, T: Send + 'a>(
    chunks: ChunkStream<'a, T>,
    limit: Option<Duration>,
    timer: &dyn Timer,
) -> ChunkStream<'a, T> {
    let Some(limit) = limit else { return chunks };
    let mut running = Some((chunks, timer.sleep(limit)));
    Box::pin(stream::poll_fn(move |cx| {
        let Some((chunks, sleep)) = &mut running else { return Poll::Ready(None) };
        let next = match chunks.as_mut().poll_next(cx) {
            Poll::Pending => match sleep.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => Some(Err(timed_out(limit))),
            },
            Poll::Ready(next) => next,
        };
        if !matches!(next, Some(Ok(_))) {
            running = None;
        }
        Poll::Ready(next)
    }))
}

fn timed_out(limit: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!("the run took longer than its limit of {limit:?} (`RunConfig::timeout`)"),
    )
}
