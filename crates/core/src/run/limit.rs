//! Ending a future or stream at the run's deadline or on cancellation.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll};

use futures_util::stream;

use super::cancel::{CancelToken, Cancelled};
use crate::{ChunkStream, Context, Error, ErrorKind, Result, Sleep};

/// The deadline and the cancellation tokens of a run.
struct Limits {
    time: Option<Sleep>,
    cancelled: Vec<Cancelled>,
    took_too_long: Error,
}

impl Limits {
    /// Returns `None` if nothing limits the run.
    fn of(cx: &Context) -> Option<Self> {
        let timer = cx.timer();
        let time = cx.deadline().map(|deadline| timer.sleep(deadline.saturating_duration_since(timer.now())));
        let cancelled = cx.cancel_tokens().iter().map(CancelToken::cancelled).collect::<Vec<_>>();
        if time.is_none() && cancelled.is_empty() {
            return None;
        }
        let limit = cx.timeout().map(|limit| format!(" after {limit:?}")).unwrap_or_default();
        let message = format!("the run timed out{limit} (`RunConfig::timeout`)");
        Some(Self { time, cancelled, took_too_long: Error::new(ErrorKind::Timeout, message) })
    }

    fn poll(&mut self, task: &mut Task<'_>) -> Poll<Error> {
        // Poll all of them: each must register the waker.
        let mut is_cancelled = false;
        for cancelled in &mut self.cancelled {
            is_cancelled |= Pin::new(cancelled).poll(task).is_ready();
        }
        if is_cancelled {
            return Poll::Ready(Error::new(ErrorKind::Cancelled, "the run was cancelled"));
        }
        match &mut self.time {
            Some(time) => time.as_mut().poll(task).map(|()| self.took_too_long.clone()),
            None => Poll::Pending,
        }
    }
}

/// Returns the future's result, or the error of the limit that is reached first, in which case the future is dropped.
pub(crate) async fn limit_future<T>(future: impl Future<Output = Result<T>>, cx: &Context) -> Result<T> {
    let Some(mut limits) = Limits::of(cx) else { return future.await };
    let mut future = pin!(future);
    poll_fn(|task| match limits.poll(task) {
        Poll::Ready(error) => Poll::Ready(Err(error)),
        Poll::Pending => future.as_mut().poll(task),
    })
    .await
}

/// Returns the stream, which ends with an error if a limit is reached before it is complete.
pub(crate) fn limit_stream<'a, T: Send + 'a>(chunks: ChunkStream<'a, T>, cx: &Context) -> ChunkStream<'a, T> {
    let Some(limits) = Limits::of(cx) else { return chunks };
    let mut running = Some((chunks, limits));
    Box::pin(stream::poll_fn(move |task| {
        let Some((chunks, limits)) = &mut running else { return Poll::Ready(None) };
        let next = match limits.poll(task) {
            Poll::Ready(error) => Some(Err(error)),
            Poll::Pending => std::task::ready!(chunks.as_mut().poll_next(task)),
        };
        if !matches!(next, Some(Ok(_))) {
            running = None;
        }
        Poll::Ready(next)
    }))
}
