//! Whether to retry a call, and after what delay.

use std::time::{Duration, Instant};

use catena_core::__private::random_fraction;
use catena_core::{Context, Error, ErrorKind, Result, ServiceError, Timer};
use http::HeaderMap;

use super::retry_hint::retry_hint;

/// The longest wait that a service may ask for: beyond it, the error is returned instead.
const LONGEST_HINT: Duration = Duration::from_secs(120);

/// Adds the service's retry hints to an error: whether to retry, and when.
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
    /// The deadline of the call's own total limit, by `timer`.
    end: Option<Instant>,
    /// Do not retry what may have been done.
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

    /// Returns the number of attempts started.
    pub(super) fn made(&self) -> usize {
        self.retries + 1
    }

    /// Waits before the next attempt. Dropping the future ends the wait and the call.
    ///
    /// # Errors
    /// Returns the error itself if there is no next attempt: because a retry would not help, or because no retries or
    /// no time are left.
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
            // The service's own hint is used exactly, without jitter.
            Some(hint) => hint,
            None => backoff(self.retries, random_fraction()),
        };
        let in_time = |now: Instant, end: Option<Instant>| end.is_none_or(|end| now + delay < end);
        let in_time =
            in_time(self.timer.now(), self.end) && in_time(self.cx.timer().now(), self.cx.deadline());
        in_time.then_some(delay)
    }
}

/// Returns true if the service may have carried out the request even though the call failed.
///
/// That is the case if there was no response, or one with a status that a gateway sends when it received none (408,
/// 502, 504, Cloudflare's 520 and 524, Envoy's 503) or that a service sends after a failure (500), unless the service
/// asks for a retry.
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

/// The text of Envoy's 503 for a service that closed the connection, possibly after it received the whole request.
const HUNG_UP: &str = "disconnect/reset before headers";

/// Returns true if the call failed without a response.
fn lacks_answer(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Incomplete | ErrorKind::Timeout)
}

/// Returns the backoff before retry number `retries`, counted from 0: half a second, doubled each time up to eight
/// seconds, and reduced by up to a quarter by `random` in 0..1.
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
