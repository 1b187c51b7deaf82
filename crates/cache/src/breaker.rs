//! Leaves alone what has just failed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Remembers that a store failed: whoever asked it again at once would wait for the same failure, such as a connection that
/// nobody answers.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<Option<Instant>>);

/// How long a store is left alone.
const REST: Duration = Duration::from_secs(5);

impl Breaker {
    /// True unless it failed a moment ago.
    pub(crate) fn lets_through(&self, now: Instant) -> bool {
        let failed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.is_none_or(|failed| now.saturating_duration_since(failed) >= REST)
    }

    pub(crate) fn failed(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}
