//! The settings of the simulated service.

use std::fmt;
use std::io;
use std::time::Duration;

use super::SimulatedOpenAi;
use super::pace::Pace;
use super::quota::Limits;
use super::service::Service;
use crate::server::Server;

/// Builds a [`SimulatedOpenAi`]. No setting is rejected: values out of range are adjusted.
///
/// Defaults: a latency of 1.2 s, a jitter of ±10 %, seed 0, any key accepted, streams spread over the latency.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use catena_testkit::SimulatedOpenAi;
///
/// // For measuring: every call takes exactly one second.
/// let service =
///     SimulatedOpenAi::builder().with_latency(Duration::from_secs(1)).with_jitter(0.0).start()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SimulatedOpenAiBuilder {
    pace: Pace,
    seed: u64,
    key: Option<String>,
    limits: Limits,
}

impl Default for SimulatedOpenAiBuilder {
    fn default() -> Self {
        let pace = Pace { latency: Duration::from_millis(1200), jitter: 0.1, tokens_per_second: None };
        Self { pace, seed: 0, key: None, limits: Limits::default() }
    }
}

impl SimulatedOpenAiBuilder {
    /// Sets the typical duration of a call, from the request to the last byte of the response. A stream delivers its
    /// first token after about 30 % of it. Errors are sent immediately.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let fast = catena_testkit::SimulatedOpenAi::builder().with_latency(Duration::from_millis(5));
    /// ```
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.pace.latency = latency;
        self
    }

    /// Sets the maximum deviation of a call's latency, as a fraction: 0.1 is ±10 %, 0 makes all calls equally long.
    ///
    /// The latency of each call depends on the seed and the index of the request. Values are clamped to 0 to 1; NaN
    /// counts as 0.
    ///
    /// ```
    /// let steady = catena_testkit::SimulatedOpenAi::builder().with_jitter(0.0);
    /// ```
    pub fn with_jitter(mut self, share: f64) -> Self {
        self.pace.jitter = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self
    }

    /// Sets the seed of the generated answers and of the jitter.
    ///
    /// ```
    /// let other_answers = catena_testkit::SimulatedOpenAi::builder().with_seed(42);
    /// ```
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Accepts only this key; calls with another one receive status 401 and the code `invalid_api_key`. Without it,
    /// every key is accepted, and so is none.
    ///
    /// ```
    /// let strict = catena_testkit::SimulatedOpenAi::builder().with_key("sk-test");
    /// ```
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Limits the number of concurrent calls; others are rejected with status 429.
    ///
    /// ```
    /// let busy = catena_testkit::SimulatedOpenAi::builder().with_max_at_once(50);
    /// ```
    pub fn with_max_at_once(mut self, calls: usize) -> Self {
        self.limits.at_once = Some(calls);
        self
    }

    /// Limits the number of calls per minute, with bursts of up to a second's worth; others are rejected with status
    /// 429. Every response reports the remaining calls in its headers.
    ///
    /// ```
    /// let limited = catena_testkit::SimulatedOpenAi::builder().with_requests_per_minute(3_000);
    /// ```
    pub fn with_requests_per_minute(mut self, calls: u32) -> Self {
        self.limits.per_minute = Some(calls);
        self
    }

    /// Streams at this rate after the first token, instead of spreading the tokens over the latency. A value that is
    /// not positive disables it.
    ///
    /// ```
    /// let typing = catena_testkit::SimulatedOpenAi::builder().with_tokens_per_second(50.0);
    /// ```
    pub fn with_tokens_per_second(mut self, rate: f64) -> Self {
        self.pace.tokens_per_second = (rate > 0.0).then_some(rate);
        self
    }

    /// Starts the service.
    ///
    /// # Errors
    ///
    /// If the operating system provides no port or no thread.
    ///
    /// ```
    /// let service = catena_testkit::SimulatedOpenAi::builder().start()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn start(self) -> io::Result<SimulatedOpenAi> {
        let service = Service::new(self.pace, self.seed, self.key, self.limits);
        Ok(SimulatedOpenAi { server: Server::try_start(move |request| service.reply(request))? })
    }
}

impl fmt::Debug for SimulatedOpenAiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedOpenAiBuilder")
            .field("pace", &self.pace)
            .field("seed", &self.seed)
            .field("limits", &self.limits)
            .field("key", &self.key.as_ref().map(|_| "[redacted]"))
            .finish()
    }
}
