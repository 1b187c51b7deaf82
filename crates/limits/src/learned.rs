//! What has been learned about a service: when the next request may be sent, and what a response reveals.

use std::time::{Duration, Instant};

use catena_core::{Error, ErrorKind, Outcome};

use crate::aimd::Aimd;
use crate::allowance::{Allowance, Told};
use crate::pace::{Cause, Pace, Refusal, SHORTEST};
use crate::turnstile::{Rule, Turn};

/// What has been learned about the service.
#[derive(Debug)]
pub(crate) struct Learned {
    pub(crate) aimd: Aimd,
    requests: Allowance,
    tokens: Allowance,
    /// The learned rate, for services that report no limits.
    pace: Pace,
    /// Set if the service asked to pause until then.
    closed_until: Option<Instant>,
    /// When the next request may be sent while the limit is still doubling.
    next: Option<Instant>,
    pub(crate) in_flight: usize,
    /// Tokens demanded by the most recent caller.
    asked: f64,
    last: Sent,
    pub(crate) succeeded: u64,
    pub(crate) rejected: u64,
}

/// The totals sent at the moment a request was sent, including that request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    requests: u64,
    tokens: f64,
    at: Option<Instant>,
}

impl Learned {
    pub(crate) fn new(aimd: Aimd) -> Self {
        let (requests, tokens) = (Allowance::default(), Allowance::default());
        Self {
            aimd,
            requests,
            tokens,
            pace: Pace::default(),
            closed_until: None,
            next: None,
            in_flight: 0,
            asked: 0.0,
            last: Sent::default(),
            succeeded: 0,
            rejected: 0,
        }
    }

    fn wait(&self, tokens: f64, now: Instant) -> Duration {
        let spread = self.next.filter(|_| self.aimd.is_doubling() && self.in_flight >= FEW);
        let spread = spread.map_or(Duration::ZERO, |next| next.saturating_duration_since(now));
        spread.max(self.wait_for_service(tokens, now))
    }

    /// Returns how long anything other than the concurrency limit holds a caller back.
    fn wait_for_service(&self, tokens: f64, now: Instant) -> Duration {
        let closed = self.closed_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let told = self.requests.wait(1.0, now).max(self.tokens.wait(tokens, now));
        closed.max(told).max(self.pace.wait(now))
    }

    /// While the limit doubles, spreads each round over the shortest interval from which a rate can be measured,
    /// however fast responses arrive: anything sent before the first rejection comes back would be rejected too (RFC
    /// 9002, section 7.7).
    #[allow(clippy::cast_precision_loss, reason = "there are never 2^53 requests under way")]
    fn spread(&mut self, now: Instant) {
        if self.aimd.is_doubling() {
            let gap = SHORTEST.div_f64(self.aimd.limit() as f64);
            let due = self.next.map_or(now, |next| next.max(now.checked_sub(LATE).unwrap_or(now)));
            // Requests that pass without waiting must not push the next slot ever further out.
            self.next = now.checked_add(SHORTEST).and_then(|latest| due.min(latest).checked_add(gap));
        }
    }

    pub(crate) fn ended(&mut self, sent: Sent, outcome: &Outcome<'_>, waiting: usize, now: Instant) {
        #[allow(clippy::cast_precision_loss, reason = "there are never 2^53 requests under way")]
        let later = self.last.requests.saturating_sub(sent.requests) as f64;
        let since = sent.at.unwrap_or(now);
        self.requests.learn(Told::requests(&outcome.limits), sent.requests, later, since);
        self.tokens.learn(
            Told::tokens(&outcome.limits),
            sent.requests,
            self.last.tokens - sent.tokens,
            since,
        );
        // A limit that is not being exhausted is not raised (RFC 9002, section 7.8).
        let is_waited_for = waiting > 0 && self.wait_for_service(self.asked, now).is_zero();
        let is_full = is_waited_for || self.in_flight >= self.aimd.limit();
        self.in_flight = self.in_flight.saturating_sub(1);
        match outcome.error {
            Some(error) if is_refusal(error) => self.was_refused(sent, error, now),
            Some(_) => {}
            None => {
                self.succeeded += 1;
                self.aimd.served(is_full);
            }
        }
    }

    fn was_refused(&mut self, sent: Sent, error: &Error, now: Instant) {
        self.rejected += 1;
        let goes_on = self.aimd.is_steady();
        // If no probe was running and there was room for more, the rate was too high.
        let has_room = goes_on && self.in_flight + 1 < self.aimd.limit();
        let is_told = self.requests.is_known() || self.tokens.is_known();
        let Sent { requests: request, at, .. } = sent;
        let last = self.last.requests;
        let refusal = Refusal { request, sent: at.unwrap_or(now), last, is_steady: goes_on, has_room };
        let cause = if is_told { Cause::Unknown } else { self.pace.refused(refusal, now) };
        let too_fast = cause != Cause::Unknown;
        let asked = error.retry_after().filter(|_| goes_on);
        if too_fast && has_room {
            // That rate was accepted before, and the pause is longer than the customary second: pacing is not the
            // problem.
            if cause == Cause::Proven {
                self.close(asked.filter(|asked| *asked > SHORT_PAUSE).unwrap_or_default(), now);
            }
            return;
        }
        let is_trial = self.aimd.is_trying();
        let is_news = self.aimd.refused(sent.requests, self.last.requests, self.in_flight);
        // A rejected probe concerns only the extra request. Otherwise the service wants a pause.
        if !is_news || is_trial || too_fast {
            return;
        }
        let hold = if is_told { None } else { self.pace.hold(now) };
        let pause = match (asked, hold) {
            // A second is what services send that do not know their own limit.
            (Some(asked), Some(hold)) if asked <= SHORT_PAUSE => asked.min(hold),
            (Some(asked), _) => asked,
            (None, hold) => hold.unwrap_or_default(),
        };
        self.close(pause, now);
    }

    fn close(&mut self, pause: Duration, now: Instant) {
        self.closed_until = now.checked_add(pause.min(LONGEST_PAUSE)).max(self.closed_until);
    }
}

/// The longest pause honoured: after that, the service is asked again, because only a response can tell whether it is
/// ready.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A requested pause of up to this length may be cut short in order to measure the rate.
const SHORT_PAUSE: Duration = Duration::from_secs(2);
/// Up to this many requests may be sent without spreading, however fast responses arrive: that is their largest burst.
const FEW: usize = 8;
/// A wake-up that is later than this is not made up for.
const LATE: Duration = Duration::from_millis(2);

impl Rule for Learned {
    type Demand = f64;
    type Ticket = Sent;

    fn pass(&mut self, tokens: f64, now: Instant) -> Turn<Sent> {
        self.asked = tokens;
        if self.in_flight >= self.aimd.limit() {
            return Turn::Later;
        }
        let wait = self.wait(tokens, now);
        if !wait.is_zero() {
            return Turn::After(wait);
        }
        self.in_flight += 1;
        self.requests.take(1.0);
        self.tokens.take(tokens);
        self.pace.take(now);
        let Sent { requests, tokens: before, .. } = self.last;
        self.last = Sent { requests: requests + 1, tokens: before + tokens, at: Some(now) };
        self.spread(now);
        Turn::Passed(self.last)
    }
}

/// True if the service rejected the request as too many at once or too fast.
fn is_refusal(error: &Error) -> bool {
    let Some(service) = error.service() else { return error.kind() == ErrorKind::RateLimit };
    match error.kind() {
        ErrorKind::RateLimit => true,
        // An error in a stream states its status, if at all, as the code.
        ErrorKind::Stream => {
            matches!(service.code.as_deref(), Some("429" | "503" | "529" | "rate_limit_exceeded"))
        }
        _ => matches!(service.status, Some(503 | 529)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ServiceError;

    /// Takes 16 at once, after a first refusal.
    fn steady() -> Learned {
        let mut aimd = Aimd::new(1, 16, 100);
        aimd.refused(1, 1, 16);
        Learned::new(aimd)
    }

    #[track_caller]
    fn send(learned: &mut Learned, now: Instant) -> Sent {
        match learned.pass(0.0, now) {
            Turn::Passed(sent) => sent,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_long_pause_is_kept_also_where_the_rate_is_known() {
        let (mut learned, start) = (steady(), Instant::now());
        for (request, at) in [(10, 0.0), (31, 0.2)] {
            let sent = start + Duration::from_secs_f64(at);
            let refusal = Refusal { request, sent, last: request, is_steady: true, has_room: false };
            learned.pace.refused(refusal, sent);
        }
        learned.last.requests = 100;
        for (at, asked, expected) in [(1, 1, 0), (2, 30, 30), (40, 86_400, 60)] {
            let now = start + Duration::from_secs(at);
            let sent = send(&mut learned, now);
            let error = Error::new(ErrorKind::RateLimit, "busy").with_retry_after(Duration::from_secs(asked));
            learned.ended(sent, &Outcome::new(catena_core::RateLimits::default(), Some(&error)), 0, now);
            assert_eq!(learned.wait(0.0, now).as_secs(), expected, "at {at} s");
        }
    }

    #[test]
    fn refusals_are_found_by_kind_status_and_code() {
        for (kind, status, code, expected) in [
            (ErrorKind::RateLimit, Some(429), None, true),
            (ErrorKind::RateLimit, None, None, true),
            (ErrorKind::Server, Some(503), None, true),
            (ErrorKind::Server, Some(500), None, false),
            (ErrorKind::QuotaExceeded, Some(429), Some("429"), false),
            (ErrorKind::Stream, None, Some("429"), true),
            (ErrorKind::Stream, None, Some("server_error"), false),
        ] {
            let service = ServiceError { status, code: code.map(str::to_owned), ..ServiceError::default() };
            let error = Error::new(kind, "").with_service(service);
            assert_eq!(is_refusal(&error), expected, "{error:?}");
        }
        assert!(
            is_refusal(&Error::new(ErrorKind::RateLimit, ""))
                && !is_refusal(&Error::new(ErrorKind::Other, ""))
        );
    }

    #[test]
    fn a_limit_that_nobody_tried_does_not_grow() {
        /// What holds callers back.
        type Hold = fn(&mut Learned, Instant);
        let closed: Hold = |learned, now| learned.close(Duration::from_secs(9), now);
        let told: Hold = |learned, now| {
            let told = Told { limit: Some(10), remaining: Some(0), reset: Some(Duration::from_secs(9)) };
            learned.requests.learn(told, 1, 0.0, now);
        };
        for (index, (hold, limit)) in [(closed, 16), (told, 16), (|_, _| (), 17)].into_iter().enumerate() {
            let (mut learned, now) = (Learned::new(Aimd::new(1, 16, 100)), Instant::now());
            let sent = send(&mut learned, now);
            hold(&mut learned, now);
            learned.ended(sent, &Outcome::default(), 5, now);
            assert_eq!(learned.aimd.limit(), limit, "case {index}");
        }
    }
}
