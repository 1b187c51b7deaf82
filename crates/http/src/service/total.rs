//! The time of a whole call.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use catena_core::{ChunkStream, Error, Result, Timer};
use futures_util::stream;

use crate::timeout::{Limit, Timeout, TotalSleep};

/// How long a call may take: all attempts, the waits between them, and the answer. It runs from when it is made.
pub(super) struct Total {
    sleep: TotalSleep,
    limit: Option<Limit>,
    server: String,
}

impl Total {
    pub(super) fn start(timer: &Arc<dyn Timer>, limit: Option<Duration>, server: String) -> Self {
        let limit = limit.map(Limit::total);
        Self { sleep: TotalSleep::start(&**timer, limit), limit, server }
    }

    /// The future's result, unless the time is up before.
    pub(super) async fn bound<T>(&mut self, future: impl Future<Output = Result<T>>) -> Result<T> {
        match Timeout::new(future, &mut self.sleep).await {
            Some(result) => result,
            None => Err(self.error()),
        }
    }

    /// The stream, ended by an error when the time is up.
    pub(super) fn bound_stream<'a, T: Send + 'a>(mut self, mut items: ChunkStream<'a, T>) -> ChunkStream<'a, T> {
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
            Pin::new(&mut self.sleep).poll(task).map(|()| {
                ended = true;
                Some(Err(self.error()))
            })
        }))
    }

    fn error(&self) -> Error {
        // Only a limit that was set can pass.
        self.limit.unwrap_or(Limit::total(Duration::MAX)).error(&self.server)
    }
}
