//! A token bucket that refills at a steady rate.

use std::time::{Duration, Instant};

/// A token bucket after the generic cell rate algorithm (ITU-T I.371): it stores only the instant at which it will be
/// full again.
///
/// A demand that exceeds the capacity is allowed once the bucket is full, and leaves a debt of at most a minute's
/// worth.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// Seconds to refill one unit.
    interval: f64,
    capacity: f64,
    full_at: Option<Instant>,
}

impl Bucket {
    /// Creates a full bucket.
    pub(crate) fn new(per_minute: f64, capacity: f64) -> Self {
        // Never infinite: multiplied by zero it would be NaN, and limit nothing.
        let interval = (60.0 / per_minute.max(f64::MIN_POSITIVE)).min(LONGEST);
        Self { interval, capacity: capacity.max(1.0), full_at: None }
    }

    /// Returns how long until this many units may be taken; zero means now.
    pub(crate) fn wait(&self, units: f64, now: Instant) -> Duration {
        let missing = self.full_at.map_or(0.0, |full| (full.saturating_duration_since(now)).as_secs_f64());
        let allowed = (self.capacity - units.min(self.capacity)) * self.interval;
        // Below a nanosecond the wait is rounding error, and too short for any timer.
        let wait = missing - allowed;
        if wait < 1e-9 { Duration::ZERO } else { seconds(wait) }
    }

    /// Takes this many units.
    pub(crate) fn take(&mut self, units: f64, now: Instant) {
        let full = self.full_at.map_or(now, |full| full.max(now));
        let full = full.checked_add(seconds(units * self.interval)).or(self.full_at);
        let latest = now.checked_add(seconds(self.capacity * self.interval) + DEBT);
        self.full_at = full.min(latest).or(full);
    }
}

/// Maximum refill interval of a unit, in seconds; anything slower counts as no refill at all.
const LONGEST: f64 = 1e9;
/// The longest extra wait that an oversized demand imposes on the callers after it.
const DEBT: Duration = Duration::from_secs(60);

/// Converts to a `Duration`, capped at a century where it would overflow.
fn seconds(seconds: f64) -> Duration {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(CENTURY).min(CENTURY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(per_minute: f64, capacity: f64, demands: &[(f64, f64)], waits: &[f64]) {
        let (mut bucket, start) = (Bucket::new(per_minute, capacity), Instant::now());
        let mut found = Vec::new();
        for (at, units) in demands {
            let now = start + Duration::from_secs_f64(*at);
            let wait = bucket.wait(*units, now);
            found.push((wait.as_secs_f64() * 1e3).round() / 1e3);
            bucket.take(*units, now + wait);
        }
        assert_eq!(found, waits);
    }

    #[test]
    fn it_starts_full_and_refills_steadily() {
        check(60.0, 3.0, &[(0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (0.0, 1.0)], &[0.0, 0.0, 0.0, 1.0]);
        check(60.0, 1.0, &[(0.0, 1.0), (0.5, 1.0), (10.0, 1.0), (10.0, 1.0)], &[0.0, 0.5, 0.0, 1.0]);
        check(600.0, 10.0, &[(0.0, 10.0), (0.0, 5.0)], &[0.0, 0.5]);
    }

    #[test]
    fn more_than_it_holds_passes_when_it_is_full_and_leaves_a_debt() {
        check(60.0, 2.0, &[(0.0, 10.0), (0.0, 1.0)], &[0.0, 9.0]);
        check(60.0, 2.0, &[(0.0, 1.0), (0.0, 10.0)], &[0.0, 1.0]);
    }

    #[test]
    fn a_debt_is_at_most_a_minutes_worth() {
        check(60.0, 2.0, &[(0.0, 1e18), (0.0, 1.0), (0.0, 1e18)], &[0.0, 61.0, 63.0]);
    }

    #[test]
    fn senseless_numbers_do_no_harm() {
        let now = Instant::now();
        let wait_for_another = |number: f64| {
            let mut bucket = Bucket::new(number, number);
            bucket.take(number, now);
            let _ = bucket.wait(number, now);
            bucket.take(1.0, now);
            bucket.wait(1.0, now)
        };
        for number in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
            assert!(wait_for_another(number) > Duration::from_secs(365 * 86_400), "{number}");
        }
        assert_eq!(wait_for_another(f64::INFINITY), Duration::ZERO);
    }
}
