//! The time of a whole call.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use catena_core::{ChunkStream, Error, Result, Sleep, Timer};
use futures_util::future::{Either, select};
use futures_util::stream;

use crate::timeout::Limit;

/// How long a call may take: all attempts, the waits between them, and the answer. It runs from when it is made.
pub(super) struct Total {
    limit: Option<(Duration, Sleep)>,
    server: String,
}

impl Total {
    pub(super) fn start(timer: &dyn Timer, limit: Option<Duration>, server: String) -> Self {
        Self { limit: limit.map(|limit| (limit, timer.sleep(limit))), server }
    }

    /// The future's result, unless the time is up before.
    pub(super) async fn bound<T>(&mut self, future: impl Future<Output = Result<T>>) -> Result<T> {
        within(future, &mut *self).await.unwrap_or_else(Err)
    }

    /// The stream, ended by an error when the time is up.
    pub(super) fn bound_stream<'a, T: Send + 'a>(
        mut self,
        mut items: ChunkStream<'a, T>,
    ) -> ChunkStream<'a, T> {
        if self.limit.is_none() {
            return items;
        }
        let mut ended = false;
        Box::pin(stream::poll_fn(move |task| {
            if ended {
                return Poll::Ready(None);
            }
            if let Poll::Ready(item) = items.as_mut().poll_next(task) {
                return Poll::Ready(item);
            }
            Pin::new(&mut self).poll(task).map(|error| {
                ended = true;
                Some(Err(error))
            })
        }))
    }
}

/// The error for a call whose time is up, then.
impl Future for Total {
    type Output = Error;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Error> {
        match &mut self.limit {
            Some((limit, sleep)) => {
                let limit = *limit;
                sleep.as_mut().poll(task).map(|()| Limit::total(limit).error(&self.server))
            }
            None => Poll::Pending,
        }
    }
}

/// What the future gives, or else what `end` gives if that comes first.
pub(super) async fn within<T, E>(
    future: impl Future<Output = T>,
    end: impl Future<Output = E> + Unpin,
) -> Result<T, E> {
    match select(pin!(future), end).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right((end, _)) => Err(end),
    }
}
