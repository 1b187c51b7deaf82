//! A timer that skips the waits between attempts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use catena_core::{Sleep, SystemTimer, Timer};

use super::subject::PATIENCE;

/// Short sleeps complete immediately and are recorded; long ones, which are time limits, run normally.
#[derive(Debug, Clone, Default)]
pub(super) struct SkippedWaits(Arc<Mutex<Vec<Duration>>>);

impl SkippedWaits {
    /// Returns the sleeps that were skipped.
    pub(super) fn skipped(&self) -> Vec<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Timer for SkippedWaits {
    fn now(&self) -> Instant {
        SystemTimer.now()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTimer.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        if duration >= PATIENCE {
            return SystemTimer.sleep(duration);
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
        Box::pin(std::future::ready(()))
    }
}
