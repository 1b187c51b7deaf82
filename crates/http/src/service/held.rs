//! The right to an attempt while it is used.

use catena_core::{Admitted, ChunkStream, Error, Outcome, RateLimits, Result};
use futures_util::{Stream, StreamExt, stream};

/// The right to an attempt, until it is known how it ended. Dropped before, it was given up.
pub(super) struct Held {
    pub(super) admitted: Option<Box<dyn Admitted>>,
    /// What the answer says about the limits.
    pub(super) limits: RateLimits,
}

impl Held {
    pub(super) fn report(mut self, error: Option<&Error>) {
        if let Some(admitted) = self.admitted.take() {
            admitted.report(&Outcome::new(self.limits, error));
        }
    }
}

/// The stream, whose end is reported.
pub(super) fn reported<'a, T: Send + 'a>(
    items: impl Stream<Item = Result<T>> + Send + 'a,
    held: Held,
) -> ChunkStream<'a, T> {
    if held.admitted.is_none() {
        return Box::pin(items);
    }
    Box::pin(stream::unfold((Box::pin(items), Some(held)), |(mut items, mut held)| async move {
        let item = items.next().await;
        match (&item, &held) {
            (Some(Ok(_)), _) | (_, None) => {}
            (Some(Err(error)), Some(_)) => held.take()?.report(Some(error)),
            (None, Some(_)) => held.take()?.report(None),
        }
        Some((item?, (items, held)))
    }))
}
