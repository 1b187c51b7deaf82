//! The rate of a service that reveals it only through rejections.

use std::time::{Duration, Instant};

use crate::bucket::Bucket;

/// Learns a rate from rejections: what a service accepted between two rejections is what it accepts in that time. A
/// rate limit is found faster this way than by lowering concurrency, and no caller has to wait for the measurement.
///
/// Once the rate is known, requests are paced at it. A rejection lowers it; time without one raises it, in growing
/// steps, until the service rejects again, after which it is raised less often.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    /// The start of the current measurement: the last rejection it can be based on.
    anchor: Option<Anchor>,
    known: Option<Known>,
    /// How many pauses have been made without finding a rate.
    holds: u32,
    /// Until then, requests are sent with a gap between them.
    spread_until: Option<Instant>,
    last_sent: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Anchor {
    /// The number of the rejected request, and when it was sent.
    request: u64,
    at: Instant,
    /// Number of later requests that were rejected too.
    refused: u64,
}

#[derive(Debug, Clone)]
struct Known {
    /// Requests per second.
    rate: f64,
    bucket: Bucket,
    /// The rate when it was learned or last raised.
    learned: f64,
    /// The rate before it was raised, while the raise has not been rejected.
    proven: Option<f64>,
    /// Time of the last change.
    since: Instant,
    /// How long without a rejection until it is raised.
    patience: Duration,
    /// Fraction by which it is raised next.
    step: f64,
    /// Requests up to this number were sent before the last decrease, so their outcome carries no new information.
    epoch: u64,
    /// A caller has had to wait for it since the last change.
    holds: bool,
}

/// A rejected request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    /// The request's number.
    pub(crate) request: u64,
    pub(crate) sent: Instant,
    /// The number of the last request sent.
    pub(crate) last: u64,
    /// No more requests were in flight than the service had accepted before.
    pub(crate) is_steady: bool,
    /// Fewer requests were in flight than the service had accepted before.
    pub(crate) has_room: bool,
}

/// What a rejection says about the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing: it has another cause.
    Unknown,
    /// The rate was above what is known to be accepted.
    TooFast,
    /// The rate had been accepted before.
    Proven,
}

/// Minimum number of requests from which a rate is measured.
const FEWEST: f64 = 5.0;
/// Over a shorter time the measurement is noise; over more than `LONGEST` there may have been too little demand.
pub(crate) const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// Base length of a pause. It must not exceed the burst that a service accumulates, which for many is a second's worth.
const HOLD: Duration = Duration::from_millis(200);
/// After a pause, requests are sent this far apart for the time `SPREAD`, so that the first rejection comes back before
/// many more are sent.
const GAP: Duration = Duration::from_millis(4);
const SPREAD: Duration = Duration::from_secs(1);
/// Late wake-ups are made up for within this time, in seconds.
const SLACK: f64 = 0.05;
/// Factor applied to a rate that was proven and is rejected all the same.
const FALL: f64 = 0.9;
const STEP: f64 = 0.05;
const PATIENCE: Duration = Duration::from_secs(2);
const MOST_PATIENCE: Duration = Duration::from_secs(32);

impl Pace {
    /// Returns how long to send nothing after a rejection that revealed no rate; until then the service would reject
    /// most requests, and accept too few to measure a rate. `None` once the rate is known.
    pub(crate) fn hold(&mut self, now: Instant) -> Option<Duration> {
        if self.known.is_some() {
            return None;
        }
        let hold = HOLD * 2_u32.pow(self.holds.min(2));
        self.holds += 1;
        self.spread_until = now.checked_add(hold + SPREAD);
        Some(hold)
    }

    /// Returns how long until the next request may be sent.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        let Some(known) = &self.known else {
            let next = self.last_sent.filter(|_| self.is_spread(now)).map(|last| last + GAP);
            return next.map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        };
        known.bucket.wait(1.0, now)
    }

    fn is_spread(&self, now: Instant) -> bool {
        self.spread_until.is_some_and(|until| now < until)
    }

    /// Records that a request is sent.
    pub(crate) fn take(&mut self, now: Instant) {
        self.last_sent = Some(now);
        let Some(known) = &mut self.known else { return };
        known.bucket.take(1.0, now);
        // The next request has to wait, so the rate is the bottleneck.
        known.holds |= !known.bucket.wait(1.0, now).is_zero();
        if known.holds && now.saturating_duration_since(known.since) >= known.patience {
            known.proven = Some(known.rate);
            known.change(known.rate * (1.0 + known.step), now);
            (known.learned, known.step) = (known.rate, (known.step * 2.0).min(1.0));
        }
    }

    /// Records a rejection and returns whether the rate explains it.
    pub(crate) fn refused(&mut self, refusal: Refusal, now: Instant) -> Cause {
        let Refusal { request, sent, last, is_steady, has_room } = refusal;
        let is_steady = is_steady || self.is_spread(sent);
        let measured = self.measure(request, sent);
        match (&mut self.known, measured) {
            (Some(known), _) if request <= known.epoch => {}
            (Some(known), _) if has_room => {
                let cause = if known.proven.is_some() { Cause::TooFast } else { Cause::Proven };
                known.fall(last, now);
                // After such a drop the cause must be a different one: measure from scratch.
                if known.rate < known.learned / 2.0 {
                    *self = Self::default();
                }
                return cause;
            }
            (None, Some(rate)) if is_steady => self.known = Some(Known::new(rate, last, now)),
            _ => return Cause::Unknown,
        }
        Cause::TooFast
    }

    /// Returns the rate accepted since the anchor, in requests per second.
    #[allow(clippy::cast_precision_loss, reason = "there are never 2^53 requests in ten seconds")]
    fn measure(&mut self, request: u64, sent: Instant) -> Option<f64> {
        let anchor = self.anchor.get_or_insert(Anchor { request, at: sent, refused: 0 });
        let elapsed = sent.saturating_duration_since(anchor.at);
        let taken = request.saturating_sub(anchor.request + 1 + anchor.refused) as f64;
        if elapsed > LONGEST {
            *anchor = Anchor { request, at: sent, refused: 0 };
            return None;
        }
        if request > anchor.request {
            anchor.refused += 1;
        }
        if elapsed < SHORTEST || taken < FEWEST {
            return None;
        }
        *anchor = Anchor { request, at: sent, refused: 0 };
        Some(taken / elapsed.as_secs_f64())
    }
}

impl Known {
    fn new(rate: f64, last: u64, now: Instant) -> Self {
        let bucket = Bucket::new(rate * 60.0, rate * SLACK);
        let mut known = Self {
            rate,
            bucket,
            learned: rate,
            proven: None,
            since: now,
            patience: PATIENCE,
            step: STEP,
            epoch: last,
            holds: false,
        };
        known.change(rate, now);
        known
    }

    /// Switches to a new rate. The bucket starts empty, like the service's.
    fn change(&mut self, rate: f64, now: Instant) {
        (self.rate, self.since, self.holds) = (rate, now, false);
        let capacity = (rate * SLACK).max(1.0);
        self.bucket = Bucket::new(rate * 60.0, capacity);
        self.bucket.take(capacity, now);
    }

    fn fall(&mut self, last: u64, now: Instant) {
        let proven = self.proven.take();
        if proven.is_some() {
            self.patience = (self.patience * 2).min(MOST_PATIENCE);
        }
        (self.step, self.epoch) = (STEP, last);
        self.change(proven.unwrap_or(self.rate * FALL), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(request: u64, last: u64, sent: Instant) -> Refusal {
        Refusal { request, sent, last, is_steady: true, has_room: false }
    }

    fn rate(pace: &Pace) -> Option<f64> {
        pace.known.as_ref().map(|known| known.rate.round())
    }

    /// A pace that was refused at the start and again after `elapsed`, having sent `sent` requests between.
    fn learned(sent: u64, elapsed: f64) -> (Pace, Instant) {
        let (mut pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.refused(refusal(10, 10, start), start), Cause::Unknown, "one refusal tells no rate");
        let end = start + Duration::from_secs_f64(elapsed);
        pace.refused(refusal(11 + sent, 11 + sent, end), end);
        (pace, end)
    }

    #[test]
    fn the_rate_is_what_was_taken_between_two_refusals() {
        for (sent, elapsed, expected) in [
            (10, 0.2, Some(50.0)),
            (100, 1.0, Some(100.0)),
            (4, 1.0, None),
            (50, 0.05, None),
            (100, 60.0, None),
        ] {
            assert_eq!(rate(&learned(sent, elapsed).0), expected, "{sent} in {elapsed} s");
        }
    }

    #[test]
    fn those_refused_between_were_not_taken() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for request in 1..=5 {
            assert_eq!(pace.refused(refusal(request, 5, start), start), Cause::Unknown);
        }
        let end = start + Duration::from_secs(1);
        assert_eq!(pace.refused(refusal(26, 30, end), end), Cause::TooFast);
        assert_eq!(rate(&pace), Some(20.0));
        assert_eq!(pace.refused(refusal(30, 30, end), end), Cause::TooFast, "sent before it was known");
        assert_eq!(rate(&pace), Some(20.0));
        assert_eq!(pace.refused(refusal(31, 31, end), end), Cause::Unknown, "too many at once");
    }

    #[test]
    fn it_is_waited_for_until_it_is_known() {
        let (mut unknown, (mut known, now)) = (Pace::default(), learned(20, 0.2));
        let holds: Vec<_> = (0..5).filter_map(|_| unknown.hold(now)).map(|hold| hold.as_millis()).collect();
        assert_eq!(holds, [200, 400, 800, 800, 800]);
        assert_eq!(known.hold(now), None);
    }

    #[test]
    fn what_was_tried_tells_no_rate() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let end = start + Duration::from_secs(1);
        for (request, at) in [(1, start), (50, end)] {
            let refusal = Refusal { is_steady: false, ..refusal(request, request, at) };
            assert_eq!(pace.refused(refusal, at), Cause::Unknown);
        }
    }

    /// How many requests go out in so many seconds, one millisecond after the other.
    fn sent(pace: &mut Pace, now: &mut Instant, seconds: u64) -> u64 {
        let mut count = 0;
        for _ in 0..seconds * 1_000 {
            *now += Duration::from_millis(1);
            while pace.wait(*now).is_zero() {
                pace.take(*now);
                count += 1;
            }
        }
        count
    }

    #[test]
    fn it_is_raised_until_it_is_refused_and_then_stays_longer() {
        let (mut pace, mut now) = learned(20, 0.2);
        assert_eq!(sent(&mut pace, &mut now, 2), 200);
        let raised = sent(&mut pace, &mut now, 2);
        assert!((205..=211).contains(&raised), "{raised}");
        let too_fast = |request| Refusal { has_room: true, ..refusal(request, request, now) };
        assert_eq!(pace.refused(too_fast(1_000), now), Cause::TooFast);
        assert_eq!(rate(&pace), Some(100.0), "that was proven");
        let back = sent(&mut pace, &mut now, 2);
        assert!((198..=202).contains(&back), "{back}");
    }

    #[test]
    fn it_is_not_raised_where_nobody_waits() {
        let (mut pace, mut now) = learned(20, 0.2);
        for _ in 0..100 {
            now += Duration::from_secs(1);
            pace.take(now);
        }
        assert_eq!(rate(&pace), Some(100.0));
    }

    #[test]
    fn a_proven_rate_that_is_refused_falls() {
        let (mut pace, now) = learned(20, 0.2);
        for request in [100, 200, 300] {
            let refusal = Refusal { has_room: true, ..refusal(request, request, now) };
            assert_eq!(pace.refused(refusal, now), Cause::Proven);
        }
        assert_eq!(rate(&pace), Some(73.0));
        for request in 4..8 {
            let refusal = Refusal { has_room: true, ..refusal(100 * request, 100 * request, now) };
            assert_eq!(pace.refused(refusal, now), Cause::Proven);
        }
        assert_eq!(rate(&pace), None, "an outage is no rate");
    }
}
