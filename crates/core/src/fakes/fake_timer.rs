//! A manually advanced clock.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::{Sleep, Timer};

/// A timer whose time passes only through [`advance`](FakeTimer::advance). Clones share one clock.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeTimer, Timer};
/// use futures_util::FutureExt;
/// use std::time::Duration;
///
/// let timer = FakeTimer::new();
/// let mut sleep = timer.sleep(Duration::from_secs(60));
/// assert!((&mut sleep).now_or_never().is_none());
/// timer.advance(Duration::from_secs(60));
/// assert!((&mut sleep).now_or_never().is_some());
/// ```
#[derive(Debug, Clone)]
pub struct FakeTimer {
    start: Instant,
    clock: Arc<Mutex<Clock>>,
}

#[derive(Debug, Default)]
struct Clock {
    elapsed: Duration,
    sleeps: Vec<Duration>,
    sleepers: Vec<Waker>,
}

impl FakeTimer {
    /// Creates a timer whose clock stands still.
    pub fn new() -> Self {
        Self { start: Instant::now(), clock: Arc::default() }
    }

    /// Advances the clock and completes the sleeps that have elapsed.
    pub fn advance(&self, duration: Duration) {
        let mut clock = self.lock();
        clock.elapsed += duration;
        let sleepers = std::mem::take(&mut clock.sleepers);
        drop(clock);
        sleepers.into_iter().for_each(Waker::wake);
    }

    /// Returns the duration of every sleep requested, in order.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.lock().sleeps.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FakeTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for FakeTimer {
    fn now(&self) -> Instant {
        self.start + self.lock().elapsed
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let timer = self.clone();
        let end = {
            let mut clock = self.lock();
            clock.sleeps.push(duration);
            clock.elapsed.saturating_add(duration)
        };
        Box::pin(poll_fn(move |cx| {
            let mut clock = timer.lock();
            if clock.elapsed >= end {
                return Poll::Ready(());
            }
            if !clock.sleepers.iter().any(|waker| waker.will_wake(cx.waker())) {
                clock.sleepers.push(cx.waker().clone());
            }
            Poll::Pending
        }))
    }
}
