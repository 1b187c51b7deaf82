//! The total time limit of a call.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use catena_core::{ChunkStream, Error, Result, Sleep, Timer};
use futures_util::stream;
use pin_project::pin_project;

use crate::timeout::Limit;

/// The total time limit of a call: all attempts, the waits between them, and the response. It starts when the call is
/// made.
pub(super) struct Total(Option<Box<Limited>>);

/// Boxed: most calls have no such limit, but every call reserves space for it.
struct Limited {
    limit: Duration,
    end: Sleep,
    server: String,
}

impl Total {
    pub(super) fn start(timer: &dyn Timer, limit: Option<Duration>, server: impl FnOnce() -> String) -> Self {
        Self(limit.map(|limit| Box::new(Limited { limit, end: timer.sleep(limit), server: server() })))
    }

    /// Limits a future to the remaining time.
    pub(super) fn bound<T, F: Future<Output = Result<T>>>(&mut self, future: F) -> Bound<'_, F> {
        Bound { future, total: self }
    }

    /// Limits a stream to the remaining time, after which it ends with an error.
    pub(super) fn bound_stream<'a, T: Send + 'a>(
        mut self,
        mut items: ChunkStream<'a, T>,
    ) -> ChunkStream<'a, T> {
        if self.0.is_none() {
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

/// Completes with the error when the time is up.
impl Future for Total {
    type Output = Error;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Error> {
        match &mut self.0 {
            Some(limited) => {
                let passed = limited.end.as_mut().poll(task);
                passed.map(|()| Limit::total(limited.limit).error(&limited.server))
            }
            None => Poll::Pending,
        }
    }
}

/// A future limited by the total time of its call. Not an async function, which would store the future twice, and there
/// may be many calls in flight.
#[pin_project]
pub(super) struct Bound<'a, F> {
    #[pin]
    future: F,
    total: &'a mut Total,
}

impl<T, F: Future<Output = Result<T>>> Future for Bound<'_, F> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.project();
        if let Poll::Ready(result) = this.future.poll(task) {
            return Poll::Ready(result);
        }
        Pin::new(&mut **this.total).poll(task).map(Err)
    }
}
