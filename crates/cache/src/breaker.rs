//! A circuit breaker for a failing store.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Remembers when a store failed, so that calls do not each wait for the same failure, such as a connection timeout.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Option<Instant>>);

/// How long a store is not used after a failure.
const REST: Duration = Duration::from_secs(5);

impl Breaker {
    /// Returns true unless the store failed within the last few seconds.
    pub(crate) fn lets_through(&self, now: Instant) -> bool {
        let failed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_none_or(|failed| now.saturating_duration_since(failed) >= REST)
    }

    pub(crate) fn failed(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}
