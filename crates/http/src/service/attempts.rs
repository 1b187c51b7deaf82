//! When a call is tried again, and after how long.

use std::time::{Duration, Instant};

use catena_core::__private::random_fraction;
use catena_core::{Context, Error, ErrorKind, Result, ServiceError, Timer};
use http::HeaderMap;

use super::retry_hint::retry_hint;

/// A service that asks for a longer wait than this is not waited for: the caller is told instead.
const LONGEST_HINT: Duration = Duration::from_secs(120);

/// Adds to an error what the service wishes: whether to try again, and when.
pub(super) fn with_wishes(error: Error, headers: &HeaderMap, timer: &dyn Timer) -> Error {
    let retryable = match headers.get("x-should-retry").map(http::HeaderValue::as_bytes) {
        // Waiting does not refill an account, whatever the service says.
        Some(b"true") => error.kind() != ErrorKind::QuotaExceeded,
        Some(b"false") => false,
        _ => error.is_retryable(),
    };
    let error = match retry_hint(headers, timer.wall_clock()) {
        Some(delay) => error.with_retry_after(delay),
        None => error,
    };
    error.with_retryable(retryable)
}

/// The attempts of one call.
pub(super) struct Attempts<'a> {
    cx: &'a Context,
    timer: &'a dyn Timer,
    max_retries: usize,
    /// When the call's own time is up, by `timer`.
    end: Option<Instant>,
    /// What may have been done is not asked for again.
    once: bool,
    retries: usize,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(
        cx: &'a Context,
        timer: &'a dyn Timer,
        max_retries: usize,
        total: Option<Duration>,
    ) -> Self {
        let end = total.and_then(|total| timer.now().checked_add(total));
        Self { cx, timer, max_retries, end, once: false, retries: 0 }
    }

    pub(super) fn at_most_once(self, once: bool) -> Self {
        Self { once, ..self }
    }

    /// How many attempts were begun.
    pub(super) fn made(&self) -> usize {
        self.retries + 1
    }

    /// Waits before the next attempt. Dropping the future ends the wait and the call.
    ///
    /// # Errors
    /// The error itself if there is no next attempt: it does not help, or no retry or no time is left for it.
    pub(super) async fn again(&mut self, error: Error) -> Result<()> {
        match self.delay(&error) {
            Some(delay) if self.cx.take_retry() => {
                self.retries += 1;
                self.cx.report_retry(self.retries + 1, &error);
                self.timer.sleep(delay).await;
                Ok(())
            }
            _ => Err(error.with_attempts(self.made())),
        }
    }

    fn delay(&self, error: &Error) -> Option<Duration> {
        if !error.is_retryable() || self.retries >= self.max_retries || (self.once && may_be_done(error)) {
            return None;
        }
        let delay = match error.retry_after() {
            Some(hint) if hint > LONGEST_HINT => return None,
            // What the service asks for is kept to the letter.
            Some(hint) => hint,
            None => backoff(self.retries, random_fraction()),
        };
        let in_time = |now: Instant, end: Option<Instant>| end.is_none_or(|end| now + delay < end);
        let in_time =
            in_time(self.timer.now(), self.end) && in_time(self.cx.timer().now(), self.cx.deadline());
        in_time.then_some(delay)
    }
}

/// Whether the service may have done what it was asked to, although the call failed: there is no answer, or one of a
/// status that a gateway gives when it got none (408, 502, 504, Cloudflare's 520 and 524, Envoy's 503) or a service that
/// broke off (500). Unless the service says that the call should be tried again.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind};
/// use catena_http::service::may_be_done;
/// assert!(may_be_done(&Error::new(ErrorKind::Timeout, "no answer")));
/// assert!(!may_be_done(&Error::new(ErrorKind::RateLimit, "not now")));
/// ```
pub fn may_be_done(error: &Error) -> bool {
    let Some(ServiceError { status: Some(status), body, rate_limits, .. }) = error.service() else {
        return lacks_answer(error);
    };
    let asks_again = rate_limits.iter().any(|(name, value)| name == "x-should-retry" && value == "true");
    match status {
        408 | 500 | 502 | 504 | 520 | 524 => !asks_again,
        503 if body.as_ref().is_some_and(|body| body.contains(HUNG_UP)) => !asks_again,
        _ => lacks_answer(error),
    }
}

/// What Envoy says about a service that hung up, be it after the whole request.
const HUNG_UP: &str = "disconnect/reset before headers";

fn lacks_answer(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Incomplete | ErrorKind::Timeout)
}

/// The wait before retry `retries`, counted from 0: half a second doubled each time, at most eight, less up to a quarter
/// by `random` in 0..1.
fn backoff(retries: usize, random: f64) -> Duration {
    let exponent = i32::try_from(retries.min(4)).unwrap_or(4);
    Duration::from_secs_f64((0.5 * 2_f64.powi(exponent)).min(8.0) * (1.0 - 0.25 * random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_are_shortened_at_random() {
        for (retries, seconds) in
            [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 8.0), (usize::MAX, 8.0)]
        {
            assert_eq!(backoff(retries, 0.0), Duration::from_secs_f64(seconds));
            assert_eq!(backoff(retries, 1.0), Duration::from_secs_f64(0.75 * seconds));
        }
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&random_fraction()));
        }
    }
}
