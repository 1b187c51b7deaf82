//! The permit of an attempt in flight.

use catena_core::{Admitted, ChunkStream, Error, Outcome, RateLimits};
use futures_util::{StreamExt, stream};

/// The permit of an attempt, until its outcome is known. Dropping it means that the attempt was cancelled. Small,
/// because every call holds one, and most have none.
pub(super) struct Held(Option<Box<Right>>);

struct Right {
    admitted: Box<dyn Admitted>,
    /// The rate limits reported in the response.
    limits: RateLimits,
}

impl Held {
    pub(super) fn new(admitted: Option<Box<dyn Admitted>>) -> Self {
        Self(admitted.map(|admitted| Box::new(Right { admitted, limits: RateLimits::default() })))
    }

    /// Stores the rate limits that the response reports, if there is a permit.
    pub(super) fn learn(&mut self, limits: impl FnOnce() -> RateLimits) {
        if let Some(right) = &mut self.0 {
            right.limits = limits();
        }
    }

    pub(super) fn report(self, error: Option<&Error>) {
        self.ended(error, error.is_none());
    }

    fn ended(self, error: Option<&Error>, answer_started: bool) {
        if let Some(right) = self.0 {
            let Right { admitted, limits } = *right;
            admitted.report(&Outcome::new(limits, error).with_answer_started(answer_started));
        }
    }
}

/// Wraps the stream of a response that has started, to report its end.
pub(super) fn reported<'a, T: Send + 'a>(items: ChunkStream<'a, T>, held: Held) -> ChunkStream<'a, T> {
    if held.0.is_none() {
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
