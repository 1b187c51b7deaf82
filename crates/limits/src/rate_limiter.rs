//! A client-side rate limit on requests and tokens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use catena_core::{
    Admission, Admitted, Demand, Error, ErrorKind, Outcome, Result, SystemTimer, Timer, async_trait,
};

use crate::bucket::Bucket;
use crate::turnstile::{Rule, Turn, Turnstile};
use crate::used::used;

/// A rate limit: paces requests so that at most a given number of them, and of their tokens, are sent per minute.
///
/// Callers are admitted in order of arrival. The limiter starts full: the first requests, up to the burst, are sent at
/// once. Clones share one limit, and so do all clients that are given clones.
///
/// A request for more tokens than the burst holds waits until the burst is fully replenished, and delays those after it
/// by up to a minute more. Tokens are [estimated](Demand::tokens) before sending: the prompt and `max_tokens`.
///
/// A client does not know how many tokens were used in the end: set `max_tokens` to have its output counted. A limiter
/// passed to a run, with [`RunConfig::with_admission`](catena_core::RunConfig::with_admission), also takes what a call
/// used beyond the estimate, once it has ended: as the service reported it or, if it reported no usage, estimated from
/// the text received, at four characters per token. Later requests wait for it.
///
/// # Errors
/// A limit of 0 admits nothing: calls fail with [`ErrorKind::Config`].
///
/// # Cancellation
/// A caller that stops waiting consumes nothing.
///
/// # Example
/// ```
/// use catena_core::{Admission, Demand};
/// use catena_limits::RateLimiter;
/// let limiter = RateLimiter::new().with_requests_per_minute(3_000).with_tokens_per_minute(250_000);
/// // ChatOpenAi::builder().with_admission(limiter.clone())
/// # futures_executor::block_on(async {
/// let _ticket = limiter.admit(&Demand::of_tokens(Some(1_200))).await?;
/// assert_eq!(limiter.waiting(), 0);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "InMemoryRateLimiter")]
pub struct RateLimiter {
    settings: Settings,
    turnstile: Arc<Turnstile<Buckets>>,
    timer: Arc<dyn Timer>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Settings {
    requests: Option<u32>,
    tokens: Option<u64>,
    burst: Option<Duration>,
}

/// Default burst: what the limits allow in this time may be used at once.
const BURST: Duration = Duration::from_secs(1);

impl RateLimiter {
    /// Creates a limiter without any limits.
    pub fn new() -> Self {
        let settings = Settings::default();
        Self { settings, turnstile: settings.turnstile(), timer: Arc::new(SystemTimer) }
    }

    /// Sets the maximum number of requests per minute.
    #[must_use]
    pub fn with_requests_per_minute(self, requests: u32) -> Self {
        self.with_settings(|settings| settings.requests = Some(requests))
    }

    /// Sets the maximum number of tokens per minute.
    #[must_use]
    pub fn with_tokens_per_minute(self, tokens: u64) -> Self {
        self.with_settings(|settings| settings.tokens = Some(tokens))
    }

    /// Sets the burst: what the limits allow in this time may be used at once. Defaults to one second.
    ///
    /// For a service that counts in one-minute windows, use a minute.
    #[must_use]
    #[doc(alias = "max_bucket_size")]
    pub fn with_burst(self, burst: Duration) -> Self {
        self.with_settings(|settings| settings.burst = Some(burst))
    }

    /// Sets the timer used to measure time and to wait.
    #[must_use]
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Arc::new(timer);
        self
    }

    /// Returns the number of requests waiting.
    pub fn waiting(&self) -> usize {
        self.turnstile.look(|_, waiting| waiting)
    }

    /// Starts over: a limiter with other settings shares nothing with earlier clones.
    fn with_settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self.turnstile = self.settings.turnstile();
        self
    }
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Admission for RateLimiter {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        let tokens = demand.tokens.unwrap_or(0);
        if self.settings.requests == Some(0) || self.settings.tokens == Some(0) {
            let message = "the rate limiter allows 0 per minute, so no request could ever be sent";
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.turnstile.pass(units(tokens), &*self.timer).await;
        let limiter = self.settings.tokens.map(|_| self.clone());
        Ok(Box::new(Sent { tokens, input: demand.input_tokens.unwrap_or(tokens), limiter }))
    }

    fn identity(&self) -> Option<usize> {
        Some(Arc::as_ptr(&self.turnstile).addr())
    }
}

/// What was sent stays consumed, whatever its outcome.
struct Sent {
    tokens: u64,
    input: u64,
    /// `None` if tokens are not limited.
    limiter: Option<RateLimiter>,
}

impl Admitted for Sent {
    fn report(self: Box<Self>, outcome: &Outcome<'_>) {
        let used = used(outcome, self.input).map_or(0, |usage| usage.total_tokens);
        let more = used.saturating_sub(self.tokens);
        if let Some(limiter) = self.limiter.filter(|_| more > 0) {
            let now = limiter.timer.now();
            limiter.turnstile.change(|buckets, _| buckets.take_tokens(units(more), now));
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "nobody counts 2^53 tokens one by one")]
fn units(tokens: u64) -> f64 {
    tokens as f64
}

impl Settings {
    fn turnstile(self) -> Arc<Turnstile<Buckets>> {
        let minutes = self.burst.unwrap_or(BURST).as_secs_f64() / 60.0;
        let bucket = |per_minute: f64| Bucket::new(per_minute, per_minute * minutes);
        let requests = self.requests.map(|requests| bucket(f64::from(requests)));
        let tokens = self.tokens.map(|tokens| bucket(units(tokens)));
        Arc::new(Turnstile::new(Buckets { requests, tokens }))
    }
}

#[derive(Debug)]
struct Buckets {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

impl Buckets {
    fn take_tokens(&mut self, tokens: f64, now: Instant) {
        if let Some(bucket) = &mut self.tokens {
            bucket.take(tokens, now);
        }
    }
}

impl Rule for Buckets {
    type Demand = f64;
    type Ticket = ();

    fn pass(&mut self, tokens: f64, now: Instant) -> Turn<()> {
        let mut demands = [(&mut self.requests, 1.0), (&mut self.tokens, tokens)];
        let buckets = demands.iter().filter_map(|(bucket, units)| Some(bucket.as_ref()?.wait(*units, now)));
        let wait = buckets.max().unwrap_or_default();
        if !wait.is_zero() {
            return Turn::After(wait);
        }
        for (bucket, units) in &mut demands {
            if let Some(bucket) = bucket {
                bucket.take(*units, now);
            }
        }
        Turn::Passed(())
    }
}
