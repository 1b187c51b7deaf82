//! A clock that runs faster than the world's, and notes what was waited for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use catena::{Sleep, Timer};
use serde_json::Value;

/// How many times faster, unless a recording is about a time limit.
const SPEED: u32 = 50;

/// Short sleeps of long durations. Those that ended are noted: a time limit that did not run out was no wait.
#[derive(Debug)]
pub(super) struct ScaledTimer {
    start: Instant,
    wall: SystemTime,
    speed: u32,
    /// A sleep of this length is a time limit.
    limit: Option<Duration>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl ScaledTimer {
    /// `timeout`: the time limit of the recording, in seconds. `clock`: what the clock on the wall shows.
    pub(super) fn new(timeout: &Value, clock: &Value) -> Self {
        let limit = timeout.as_f64().map(Duration::from_secs_f64);
        let wall = clock.as_str().map_or_else(SystemTime::now, at);
        let speed = if limit.is_some() { 1 } else { SPEED };
        Self { start: Instant::now(), wall, speed, limit, waits: Arc::default() }
    }

    /// The waits so far, without time limits that ran out.
    pub(super) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Timer for ScaledTimer {
    fn now(&self) -> Instant {
        self.start + self.start.elapsed() * self.speed
    }

    fn wall_clock(&self) -> SystemTime {
        self.wall
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let (real, limit, waits) = (duration / self.speed, self.limit, Arc::clone(&self.waits));
        Box::pin(async move {
            smol::Timer::after(real).await;
            if limit != Some(duration) {
                waits.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
            }
        })
    }
}

/// The moment that `2026-01-01T00:00:00Z` names.
fn at(text: &str) -> SystemTime {
    let numbers: Vec<u64> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let [year, month, day, hour, minute, second] = numbers[..] else { return SystemTime::UNIX_EPOCH };
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum::<u64>()
        + months.iter().zip(1..month).map(|(days, _)| days).sum::<u64>()
        + day.saturating_sub(1);
    SystemTime::UNIX_EPOCH + Duration::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// How the waits differ from `expected_delays`, if so.
pub(super) fn waits_differ(expected: &Value, waits: &[Duration]) -> Option<String> {
    let expected = expected.as_array().map_or(&[][..], Vec::as_slice);
    let fits = |(expected, wait): (&Value, &Duration)| {
        let bound = |name: &str| expected[name].as_f64().or(expected["seconds"].as_f64()).unwrap_or_default();
        let seconds = wait.as_secs_f64();
        (bound("min_seconds") - 1e-6..=bound("max_seconds") + 1e-6).contains(&seconds)
    };
    let same = expected.len() == waits.len() && expected.iter().zip(waits).all(fits);
    (!same).then(|| format!("waited {waits:?} instead of {}", Value::from(expected.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moments_are_read() {
        let check =
            |text, seconds| assert_eq!(at(text), SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        check("1970-01-01T00:00:00Z", 0);
        check("2026-01-01T00:00:00Z", 1_767_225_600);
        check("2024-03-01T01:02:03Z", 1_709_254_923);
    }

    #[test]
    fn waits_fit_or_not() {
        let check = |expected: Value, waits: &[u64], fits: bool| {
            let waits: Vec<_> = waits.iter().copied().map(Duration::from_millis).collect();
            assert_eq!(waits_differ(&expected, &waits).is_none(), fits, "{expected} {waits:?}");
        };
        let backoff = json!([{"kind": "backoff", "min_seconds": 0.375, "max_seconds": 0.5}]);
        check(backoff.clone(), &[500], true);
        check(backoff.clone(), &[370], false);
        check(backoff, &[400, 400], false);
        check(json!([{"kind": "exact", "seconds": 3}]), &[3000], true);
        check(json!([{"kind": "exact", "seconds": 3}]), &[2900], false);
        check(Value::Null, &[], true);
    }
}
