//! Waiting for a batch.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use catena_core::{Error, ErrorKind, Result, SystemTimer, Timer};

use super::{Batch, SharedTimer, is_unreadable};

/// The number of consecutive failed polls at which the wait fails.
const MAX_FAILURES: usize = 5;

/// How long to wait for a batch, and how often to poll. The first poll is immediate; the interval between polls grows
/// by half each time, up to ten times its initial value. A poll that fails with a retryable error, or whose response
/// cannot be decoded, is ignored, unless it is the fifth in a row.
///
/// # Example
/// See [`Batches::wait`](super::Batches::wait).
#[derive(Clone)]
#[must_use = "options do nothing until they are given to a call"]
pub struct BatchWait {
    interval: Duration,
    limit: Duration,
    timer: SharedTimer,
}

impl Default for BatchWait {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(6),
            limit: Duration::from_secs(25 * 3600),
            timer: Arc::new(SystemTimer),
        }
    }
}

impl BatchWait {
    /// Sets the initial interval between polls. Default 6 s, which grows to a minute.
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the maximum total wait. Default 25 h, an hour more than a batch may take.
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the timer to wait with.
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Arc::new(timer);
        self
    }

    /// Polls until the batch has ended.
    pub(super) async fn until<F>(&self, id: &str, look: impl Fn() -> F) -> Result<Batch>
    where
        F: Future<Output = Result<Batch>>,
    {
        let started = self.timer.now();
        let mut looks = self.looks();
        loop {
            match looks.seen(look().await)? {
                Some(batch) if batch.status.is_terminal() => return Ok(batch),
                _ => {}
            }
            let left = self.limit.saturating_sub(self.timer.now() - started);
            if left.is_zero() {
                return Err(self.took_too_long(id));
            }
            looks.pause(left).await;
        }
    }

    /// Returns a fresh count of polls.
    pub(super) fn looks(&self) -> Looks<'_> {
        Looks { wait: self, pause: self.interval, failures: 0 }
    }

    fn took_too_long(&self, id: &str) -> Error {
        let message = format!(
            "the batch {id} has not ended in {:?}; it goes on, so wait for it again, or cancel it",
            self.limit
        );
        Error::new(ErrorKind::Timeout, message).with_retryable(true)
    }
}

/// A series of polls with waits between them, of which some may fail.
pub(super) struct Looks<'a> {
    wait: &'a BatchWait,
    /// The next wait.
    pause: Duration,
    /// The number of failures in a row.
    failures: usize,
}

impl Looks<'_> {
    /// Returns the outcome of a poll, or `None` if it failed and another may succeed.
    ///
    /// # Errors
    /// That of the poll, if it is not retryable or the fifth in a row.
    pub(super) fn seen<T>(&mut self, look: Result<T>) -> Result<Option<T>> {
        match look {
            Ok(seen) => {
                self.failures = 0;
                Ok(Some(seen))
            }
            Err(error) if may_pass(&error) && self.failures + 1 < MAX_FAILURES => {
                self.failures += 1;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until the next poll, for at most this long.
    pub(super) async fn pause(&mut self, most: Duration) {
        let pause = self.pause.min(most);
        self.pause = (self.pause.saturating_mul(3) / 2).min(self.wait.interval.saturating_mul(10));
        self.wait.timer.sleep(pause).await;
    }
}

/// Returns true if another poll may succeed. Overloaded gateways also respond with an HTML page.
fn may_pass(error: &Error) -> bool {
    error.is_retryable() || is_unreadable(error)
}

impl fmt::Debug for BatchWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWait")
            .field("interval", &self.interval)
            .field("limit", &self.limit)
            .field("timer", &self.timer)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::fakes::FakeTimer;
    use futures_util::FutureExt;
    use std::cell::Cell;

    /// Looks at batches of these words, where `!` is an error that may pass, `<` a page, and `?` an error that does not
    /// pass. Returns what came and the waits, in seconds.
    fn wait(looks: &[&str], limit: u64) -> (Result<String, ErrorKind>, Vec<u64>) {
        let timer = FakeTimer::new();
        let wait = BatchWait::default()
            .with_interval(Duration::from_secs(10))
            .with_limit(Duration::from_secs(limit))
            .with_timer(timer.clone());
        let next = Cell::new(0);
        let look = || {
            let word = looks[next.replace(next.get() + 1)];
            async move {
                match word {
                    "!" => Err(Error::new(ErrorKind::Server, "down").with_retryable(true)),
                    "<" => Err(Error::new(ErrorKind::InvalidResponse, "a page")),
                    "?" => Err(Error::new(ErrorKind::NotFound, "gone")),
                    word => Ok(serde_json::from_value(serde_json::json!({"id": "b", "status": word}))
                        .expect("a batch")),
                }
            }
        };
        let mut waiting = Box::pin(wait.until("b", look));
        loop {
            if let Some(ended) = (&mut waiting).now_or_never() {
                let status = |batch: Batch| serde_json::to_value(batch.status).expect("JSON");
                let ended = ended.map(|batch| status(batch).as_str().unwrap_or_default().to_owned());
                let sleeps = timer.sleeps().iter().map(Duration::as_secs).collect();
                return (ended.map_err(|error| error.kind()), sleeps);
            }
            timer.advance(timer.sleeps().last().copied().unwrap_or_default());
        }
    }

    #[test]
    fn a_batch_is_waited_for_until_it_ends() {
        for (looks, limit, ended, waits) in [
            (&["completed"][..], 100, Ok("completed"), &[][..]),
            (
                &["validating", "in_progress", "finalizing", "paused", "failed"],
                1000,
                Ok("failed"),
                &[10, 15, 22, 33],
            ),
            (&["in_progress", "in_progress", "in_progress"], 20, Err(ErrorKind::Timeout), &[10, 10]),
            (&["!", "!", "!", "!", "cancelled"], 1000, Ok("cancelled"), &[10, 15, 22, 33]),
            (&["!", "!", "!", "!", "!"], 1000, Err(ErrorKind::Server), &[10, 15, 22, 33]),
            (&["<", "!", "<", "<", "completed"], 1000, Ok("completed"), &[10, 15, 22, 33]),
            (&["!", "<", "!", "!", "<"], 1000, Err(ErrorKind::InvalidResponse), &[10, 15, 22, 33]),
            (&["in_progress", "?"], 1000, Err(ErrorKind::NotFound), &[10]),
        ] {
            assert_eq!(wait(looks, limit), (ended.map(str::to_owned), waits.to_vec()), "{looks:?}");
        }
        let many: Vec<&str> = std::iter::repeat_n("in_progress", 9).chain(["expired"]).collect();
        assert_eq!(wait(&many, 10_000).1.last(), Some(&100), "waits stop growing");
    }

    #[test]
    fn no_wait_is_too_long() {
        let timer = FakeTimer::new();
        let wait = BatchWait::default().with_interval(Duration::MAX).with_limit(Duration::MAX);
        let wait = wait.with_timer(timer.clone());
        let mut looks = wait.looks();
        for _ in 0..3 {
            assert!(Box::pin(looks.pause(Duration::from_secs(1))).now_or_never().is_none());
        }
        assert_eq!(timer.sleeps(), [Duration::from_secs(1); 3]);
    }
}
