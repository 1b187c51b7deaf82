//! Time as an injected value: the only place where the core, the chains and the limits read the clock or sleep.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A sleep in progress. Dropping it cancels it.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A clock that can also sleep, on any executor.
///
/// # Contract
/// `sleep(d)` completes no earlier than `d` after the call. All methods may be called from any thread.
///
/// # Cancellation
/// Dropping a [`Sleep`] cancels it.
///
/// # Example
/// ```
/// use catena_core::{SystemTimer, Timer};
/// use std::time::Duration;
/// # futures_executor::block_on(async {
/// let timer = SystemTimer;
/// let start = timer.now();
/// timer.sleep(Duration::from_millis(1)).await;
/// assert!(timer.now() - start >= Duration::from_millis(1));
/// # });
/// ```
pub trait Timer: Debug + Send + Sync {
    /// Returns the current instant, for measuring durations.
    fn now(&self) -> Instant;

    /// Returns the wall-clock time, for timestamps.
    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Returns a future that completes after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The system clock. Its sleeps work on any executor, and without one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(futures_timer::Delay::new(duration.min(LONGEST)))
    }
}

/// Effectively forever, yet within the range of every clock.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

impl<T: Timer + ?Sized> Timer for Arc<T> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn wall_clock(&self) -> SystemTime {
        (**self).wall_clock()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        (**self).sleep(duration)
    }
}
