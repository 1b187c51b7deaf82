//! The right to an attempt while it is used.

use catena_core::{Admitted, ChunkStream, Error, Outcome, RateLimits};
use futures_util::{StreamExt, stream};

/// The right to an attempt, until it is known how it ended. Dropped before, it was given up.
pub(super) struct Held {
    pub(super) admitted: Option<Box<dyn Admitted>>,
    /// What the answer says about the limits.
    pub(super) limits: RateLimits,
}

impl Held {
    pub(super) fn report(self, error: Option<&Error>) {
        self.ended(error, error.is_none());
    }

    fn ended(mut self, error: Option<&Error>, had_begun: bool) {
        if let Some(admitted) = self.admitted.take() {
            admitted.report(&Outcome::new(self.limits, error).with_had_begun(had_begun));
        }
    }
}

/// The stream of an answer that has begun, whose end is reported.
pub(super) fn reported<'a, T: Send + 'a>(items: ChunkStream<'a, T>, held: Held) -> ChunkStream<'a, T> {
    if held.admitted.is_none() {
        return items;
    }
    Box::pin(stream::unfold((items, Some(held)), |(mut items, mut held)| async move {
        let item = items.next().await;
        match (&item, &held) {
            (Some(Ok(_)), _) | (_, None) => {}
            (Some(Err(error)), Some(_)) => held.take()?.ended(Some(error), true),
            (None, Some(_)) => held.take()?.ended(None, true),
        }
        Some((item?, (items, held)))
    }))
}
