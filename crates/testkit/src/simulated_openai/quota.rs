//! The rate limits of the simulated service: a number of concurrent calls, and a number per minute.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::Refusal;

/// The configured limits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) at_once: Option<usize>,
    pub(super) per_minute: Option<u32>,
}

/// The limits and their current state.
pub(super) struct Quota {
    limits: Limits,
    state: Mutex<State>,
}

struct State {
    /// When the calls in flight will have been answered.
    ends: BinaryHeap<Reverse<Instant>>,
    /// The remaining burst at `since`.
    left: f64,
    since: Instant,
}

/// The remaining quota after a call, as the service reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Left {
    pub(super) limit: u64,
    pub(super) remaining: u64,
    pub(super) reset: Duration,
}

impl Quota {
    pub(super) fn new(limits: Limits) -> Self {
        let left = limits.burst();
        Self { limits, state: Mutex::new(State { ends: BinaryHeap::new(), left, since: Instant::now() }) }
    }

    /// Admits a call that will end after `took`, or rejects it.
    pub(super) fn take(&self, took: Duration, now: Instant) -> Result<(), Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.ends.peek().is_some_and(|end| end.0 <= now) {
            state.ends.pop();
        }
        state.refill(&self.limits, now);
        if self.limits.at_once.is_some_and(|at_once| state.ends.len() >= at_once) {
            return Err(Refusal::too_many("Too many requests at once."));
        }
        if self.limits.per_minute.is_some() {
            if state.left < 1.0 {
                return Err(Refusal::too_many("Rate limit reached on requests per min (RPM)."));
            }
            state.left -= 1.0;
        }
        state.ends.push(Reverse(now + took));
        Ok(())
    }

    /// Returns the remaining calls per minute, if they are limited.
    pub(super) fn left(&self) -> Option<Left> {
        self.limits.per_minute?;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let used = self.limits.burst() - state.left;
        let reset = Duration::from_secs_f64((used / self.limits.per_second()).max(0.0));
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between zero and the limit"
        )]
        Some(Left { limit: self.limits.burst() as u64, remaining: state.left.max(0.0) as u64, reset })
    }
}

impl Limits {
    fn per_second(&self) -> f64 {
        f64::from(self.per_minute.unwrap_or(u32::MAX)) / 60.0
    }

    /// Like real services, allows a burst of a second's worth.
    fn burst(&self) -> f64 {
        self.per_second().max(1.0)
    }
}

impl State {
    fn refill(&mut self, limits: &Limits, now: Instant) {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        self.left = (self.left + passed * limits.per_second()).min(limits.burst());
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_end_and_make_room() {
        let quota = Quota::new(Limits { at_once: Some(2), per_minute: None });
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        assert!(quota.take(second, start).is_ok() && quota.take(second, start).is_ok());
        assert!(quota.take(second, start).is_err());
        assert!(quota.take(second, start + second).is_ok());
        assert_eq!(quota.left(), None);
    }

    #[test]
    fn a_rate_allows_a_seconds_worth_at_once() {
        let quota = Quota::new(Limits { at_once: None, per_minute: Some(120) });
        let start = Instant::now() + Duration::from_secs(1);
        assert!(quota.take(Duration::ZERO, start).is_ok() && quota.take(Duration::ZERO, start).is_ok());
        assert!(quota.take(Duration::ZERO, start).is_err());
        let left = Left { limit: 2, remaining: 0, reset: Duration::from_secs(1) };
        assert_eq!(quota.left(), Some(left));
        assert!(quota.take(Duration::ZERO, start + Duration::from_millis(500)).is_ok());
    }
}
