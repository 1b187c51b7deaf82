//! The remaining quota that the service reports in its headers.

use std::time::{Duration, Instant};

use catena_core::RateLimits;

/// The remaining quota of one unit (requests or tokens): the last reported value, adjusted for what has happened since.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowance(Option<Known>);

#[derive(Debug, Clone, Copy)]
struct Known {
    /// Quota remaining at `since`. Negative if the estimates were too low.
    left: f64,
    limit: f64,
    /// Units replenished per second.
    rate: f64,
    since: Instant,
    /// The number of the request whose response reported it.
    request: u64,
}

/// What one response reports about one unit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    pub(crate) limit: Option<u64>,
    pub(crate) remaining: Option<u64>,
    pub(crate) reset: Option<Duration>,
}

impl Told {
    pub(crate) fn requests(limits: &RateLimits) -> Self {
        let RateLimits {
            limit_requests: limit, remaining_requests: remaining, reset_requests: reset, ..
        } = *limits;
        Self { limit, remaining, reset }
    }

    pub(crate) fn tokens(limits: &RateLimits) -> Self {
        let RateLimits { limit_tokens: limit, remaining_tokens: remaining, reset_tokens: reset, .. } =
            *limits;
        Self { limit, remaining, reset }
    }
}

impl Allowance {
    /// Updates from the response to request number `request`, which was sent at `since`: services count a request on
    /// arrival. `sent_since` is the amount sent after it, which the report does not include.
    #[allow(clippy::cast_precision_loss, reason = "no limit comes near 2^53")]
    pub(crate) fn learn(&mut self, told: Told, request: u64, sent_since: f64, since: Instant) {
        let (Some(limit), Some(remaining)) = (told.limit, told.remaining) else { return };
        // Responses can arrive out of order: the report of the latest request wins.
        if self.0.is_some_and(|known| known.request > request) {
            return;
        }
        let used = limit.saturating_sub(remaining) as f64;
        // Everything used is replenished by the reset time, which gives the rate. Without one, assume the usual window
        // of a minute.
        let rate = match told.reset {
            Some(reset) if used > 0.0 && !reset.is_zero() => used / reset.as_secs_f64(),
            _ => limit as f64 / 60.0,
        };
        let limit = limit as f64;
        let left = (remaining as f64 - sent_since).max(-limit);
        self.0 = Some(Known { left, limit, rate, since, request });
    }

    /// Returns how long until this many units remain: zero if they already do or if nothing is known.
    pub(crate) fn wait(&self, units: f64, now: Instant) -> Duration {
        let Some(known) = &self.0 else { return Duration::ZERO };
        let missing = units.min(known.limit) - known.left(now);
        if missing <= 1e-9 || known.rate <= 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(missing / known.rate)
            .unwrap_or(LONGEST)
            .clamp(Duration::from_nanos(1), LONGEST)
    }

    /// True if the service has reported this unit.
    pub(crate) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// Takes units, at most the whole limit: an oversized demand must not make the callers after it wait for quota that
    /// can never exist.
    pub(crate) fn take(&mut self, units: f64) {
        if let Some(known) = &mut self.0 {
            known.left = (known.left - units.min(known.limit)).max(-known.limit);
        }
    }
}

/// Beyond this wait, asking the service beats trusting its report.
const LONGEST: Duration = Duration::from_secs(60);

impl Known {
    fn left(&self, now: Instant) -> f64 {
        let back = now.saturating_duration_since(self.since).as_secs_f64() * self.rate;
        (self.left + back).min(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(limit: u64, remaining: u64, reset: f64) -> Told {
        let reset = Some(Duration::from_secs_f64(reset));
        Told { limit: Some(limit), remaining: Some(remaining), reset }
    }

    #[test]
    fn nothing_known_holds_nobody_back() {
        let mut allowance = Allowance::default();
        allowance.take(1e9);
        assert_eq!(allowance.wait(1.0, Instant::now()), Duration::ZERO);
        allowance.learn(Told { remaining: Some(0), ..Told::default() }, 1, 0.0, Instant::now());
        assert_eq!(allowance.wait(1.0, Instant::now()), Duration::ZERO);
    }

    #[test]
    fn what_is_left_may_be_sent_and_then_as_it_flows_back() {
        let (mut allowance, now) = (Allowance::default(), Instant::now());
        // 60 used, back in 1.2 s: 50 a second. Two more were sent before the answer came.
        allowance.learn(told(3_000, 2_940, 1.2), 7, 2.0, now);
        allowance.learn(told(3_000, 10, 60.0), 6, 3.0, now); // an older one, overtaken
        for _ in 0..2_938 {
            assert_eq!(allowance.wait(1.0, now), Duration::ZERO);
            allowance.take(1.0);
        }
        assert_eq!(allowance.wait(1.0, now), Duration::from_millis(20));
        assert_eq!(allowance.wait(1.0, now + Duration::from_millis(20)), Duration::ZERO);
        allowance.take(1.0);
        assert_eq!(allowance.wait(1.0, now + Duration::from_millis(20)), Duration::from_millis(20));
    }

    #[test]
    fn a_senseless_demand_blocks_nobody_for_longer_than_it_takes_to_fill_twice() {
        let (mut allowance, now) = (Allowance::default(), Instant::now());
        allowance.learn(told(100, 0, 10.0), 1, 1e18, now);
        allowance.take(1e18);
        assert_eq!(allowance.wait(0.0, now), Duration::from_secs(10));
        assert_eq!(allowance.wait(1e18, now), Duration::from_secs(20));
    }

    #[test]
    fn a_wait_is_bounded_whatever_the_service_says() {
        let (mut allowance, now) = (Allowance::default(), Instant::now());
        allowance.learn(told(u64::MAX, 0, 1e12), 1, 0.0, now);
        assert!(allowance.wait(1e18, now) <= LONGEST);
        allowance.learn(told(1, 0, 0.0), 2, 1e18, now);
        assert!(allowance.wait(1.0, now) <= LONGEST);
        allowance.learn(told(0, 0, 1.0), 3, 0.0, now);
        assert!(allowance.wait(1.0, now) <= LONGEST);
    }
}
