//! The timing of a call's tokens.

use std::time::Duration;

use super::random::Random;
use crate::reply::Reply;

/// The fraction of a call's duration before its first token.
const FIRST_TOKEN: f64 = 0.3;
/// Longer than any test; keeps products of durations in range.
const LONGEST: f64 = 1e6;

#[derive(Clone, Debug)]
pub(super) struct Pace {
    pub(super) latency: Duration,
    /// From 0 to 1.
    pub(super) jitter: f64,
    pub(super) tokens_per_second: Option<f64>,
}

impl Pace {
    /// Returns the duration of the given call.
    pub(super) fn call(&self, seed: u64, number: u64) -> Duration {
        if self.jitter == 0.0 {
            return self.latency;
        }
        let factor = 1.0 + self.jitter * Random::new(&[seed, number]).spread();
        seconds(self.latency.as_secs_f64() * factor)
    }

    /// Spreads a stream of `parts` parts over `whole`.
    pub(super) fn stream(&self, reply: Reply, parts: usize, whole: Duration) -> Reply {
        let first = whole.mul_f64(FIRST_TOKEN);
        let gap = match self.tokens_per_second {
            Some(rate) => seconds(1.0 / rate),
            None if parts > 1 => (whole - first).div_f64((parts - 1) as f64),
            None => Duration::ZERO,
        };
        reply.with_delay(first).with_pause(gap)
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_spreads_around_the_latency() {
        let pace = |jitter| Pace { latency: Duration::from_secs(1), jitter, tokens_per_second: None };
        let calls = |jitter: f64| (0..200).map(move |number| pace(jitter).call(5, number).as_secs_f64());
        assert!(calls(0.0).all(|call| call == 1.0));
        assert!(calls(0.1).all(|call| (0.9..=1.1).contains(&call)));
        assert!(calls(0.1).any(|call| call < 0.95) && calls(0.1).any(|call| call > 1.05));
        assert!(calls(0.1).eq(calls(0.1)));
    }

    #[test]
    fn a_stream_ends_with_the_call() {
        let pace = Pace { latency: Duration::from_secs(1), jitter: 0.0, tokens_per_second: None };
        let reply = pace.stream(Reply::sse(["a"; 8]), 8, Duration::from_secs(1));
        assert_eq!(reply.delay + reply.pause * 7, Duration::from_secs(1));
        assert_eq!(reply.delay, Duration::from_millis(300));
    }
}
