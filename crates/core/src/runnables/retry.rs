//! Retries.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, json};

use super::attempts::until_first_chunk;
use crate::load::Constructor;
use crate::random::random_fraction;
use crate::run::step::{self, Place};
use crate::{Capabilities, ChunkStream, Context, Error, Outline, Result, Runnable};

type Predicate = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

/// A retry policy: which errors to retry, how often, and after what delay.
///
/// The delay before retry `n` is an exponential backoff with jitter, `initial * base^(n-1)` plus a random part of up to
/// `jitter`, capped at `max`. If the error itself asks for a delay, that delay is used instead; if it exceeds
/// [`with_max_retry_after`](Self::with_max_retry_after), the error is not retried.
///
/// # Example
/// ```
/// use catena_core::RetryPolicy;
/// use std::time::Duration;
/// let policy = RetryPolicy::new().with_max_attempts(5).with_initial_delay(Duration::from_millis(100));
/// # let _ = policy;
/// ```
#[derive(Clone)]
pub struct RetryPolicy {
    max_attempts: usize,
    initial: Duration,
    base: f64,
    jitter: Duration,
    max: Duration,
    max_retry_after: Duration,
    when: Predicate,
    on: On,
}

/// Which errors are retried.
#[derive(Debug, Clone, Copy)]
enum On {
    Retryable,
    Any,
    /// Those a function selects, which cannot be saved.
    Chosen,
}

/// The same default as that of the service clients.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);

/// The argument that stores the longest delay an error may ask for, in seconds, in a saved retry. LangChain has no such
/// argument.
pub(crate) const SAVED_MAX_RETRY_AFTER: &str = "max_retry_after";

/// The argument that marks a saved retry as limited to retryable errors.
pub(crate) const ONLY_RETRYABLE: &str = "only_retryable";

impl RetryPolicy {
    /// Creates the default policy: up to three attempts on [retryable](Error::is_retryable) errors, with delays of 1 s
    /// and 2 s plus up to 1 s of jitter each. Computed delays are capped at one minute, delays requested by an error at
    /// two minutes.
    pub fn new() -> Self {
        Self {
            max_attempts: 3,
            initial: Duration::from_secs(1),
            base: 2.0,
            jitter: Duration::from_secs(1),
            max: Duration::from_secs(60),
            max_retry_after: MAX_RETRY_AFTER,
            when: Arc::new(Error::is_retryable),
            on: On::Retryable,
        }
    }

    /// Sets the maximum number of attempts, including the first. 0 is treated as 1.
    #[must_use]
    #[doc(alias = "stop_after_attempt")]
    pub fn with_max_attempts(mut self, attempts: usize) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the delay before the first retry.
    #[must_use]
    pub fn with_initial_delay(mut self, delay: Duration) -> Self {
        self.initial = delay;
        self
    }

    /// Sets the factor by which the delay grows with each retry.
    #[must_use]
    pub fn with_base(mut self, base: f64) -> Self {
        self.base = base;
        self
    }

    /// Sets the maximum jitter added to a delay.
    #[must_use]
    #[doc(alias = "wait_exponential_jitter")]
    pub fn with_jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the maximum computed delay. An error may ask for a longer one.
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Self {
        self.max = delay;
        self
    }

    /// Sets the longest delay that an error may ask for, two minutes by default. An error that asks for more is
    /// returned immediately and carries [the delay it asked for](Error::retry_after).
    #[must_use]
    pub fn with_max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }

    /// Removes the backoff and the jitter. Delays requested by an error still apply.
    #[must_use]
    pub fn without_delay(self) -> Self {
        self.with_initial_delay(Duration::ZERO).with_jitter(Duration::ZERO)
    }

    /// Retries on any error, as LangChain does by default.
    #[must_use]
    pub fn on_any_error(mut self) -> Self {
        self.when = Arc::new(|_| true);
        self.on = On::Any;
        self
    }

    /// Retries on the errors for which `when` returns `true`, instead of on [retryable](Error::is_retryable) errors.
    #[must_use]
    #[doc(alias = "retry_if_exception_type")]
    pub fn when(mut self, when: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.when = Arc::new(when);
        self.on = On::Chosen;
        self
    }

    /// Returns the constructor for saving, unless a function selects the errors.
    fn constructor(&self) -> Option<Constructor> {
        let waits = json!({
            "initial": self.initial.as_secs_f64(), "max": self.max.as_secs_f64(), "exp_base": self.base,
            "jitter": self.jitter.as_secs_f64(),
        });
        let made = Constructor::runnable("RunnableRetry")
            .with("config", Map::new())
            .with("max_attempt_number", self.max_attempts)
            .with("wait_exponential_jitter", !(self.initial.is_zero() && self.jitter.is_zero()))
            .with("exponential_jitter_params", waits);
        let made = match self.max_retry_after {
            MAX_RETRY_AFTER => made,
            other => made.with(SAVED_MAX_RETRY_AFTER, other.as_secs_f64()),
        };
        match self.on {
            On::Any => Some(made),
            // LangChain has no such rule and retries on any error in this case.
            On::Retryable => Some(made.with(ONLY_RETRYABLE, true)),
            On::Chosen => None,
        }
    }

    /// Returns the delay before the next attempt, or `None` if the error asks for a longer one than allowed.
    fn delay(&self, attempt: usize, error: &Error) -> Option<Duration> {
        if let Some(delay) = error.retry_after() {
            return (delay <= self.max_retry_after).then_some(delay);
        }
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        // The power may become infinite, and infinity times zero is NaN.
        let growing =
            if self.initial.is_zero() { 0.0 } else { self.initial.as_secs_f64() * self.base.powi(exponent) };
        let seconds = growing + self.jitter.as_secs_f64() * random_fraction();
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(self.max).min(self.max))
    }

    /// Waits before the next attempt, or returns the error if there is none.
    async fn pause(&self, attempt: usize, error: Error, cx: &Context) -> Result<()> {
        if attempt >= self.max_attempts || !(self.when)(&error) {
            return Err(error);
        }
        let Some(delay) = self.delay(attempt, &error) else { return Err(error) };
        let is_late = |deadline| cx.timer().now().checked_add(delay).is_none_or(|then| then >= deadline);
        if cx.deadline().is_some_and(is_late) || !cx.take_retry() {
            return Err(error);
        }
        cx.report_retry(attempt + 1, &error);
        if !delay.is_zero() {
            cx.timer().sleep(delay).await;
        }
        Ok(())
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("max_attempts", &self.max_attempts)
            .field("initial", &self.initial)
            .field("base", &self.base)
            .field("jitter", &self.jitter)
            .field("max", &self.max)
            .field("max_retry_after", &self.max_retry_after)
            .finish_non_exhaustive()
    }
}

/// A runnable that is retried when it fails. Created by [`with_retry`](crate::RunnableExt::with_retry).
///
/// Each attempt is a separate run below this one. A stream is retried only until its first chunk; after that, errors
/// pass through, because delivered chunks cannot be taken back. In a batch, each item is retried individually.
///
/// A model below that retries on its own shares the retries of each call: see [`RetryBudget`](crate::RetryBudget).
///
/// # Errors
/// The error of the last attempt, with its number in the path: `retry#3`.
///
/// # Example
/// ```
/// use catena_core::{lambda, Error, ErrorKind, RetryPolicy, RunnableExt};
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// # futures_executor::block_on(async {
/// let calls = AtomicUsize::new(0);
/// let flaky = lambda(move |x: i64| match calls.fetch_add(1, Ordering::Relaxed) {
///     0 => Err(Error::new(ErrorKind::Server, "try again")),
///     _ => Ok(x),
/// });
/// assert_eq!(flaky.with_retry(RetryPolicy::new().without_delay()).invoke(7).await?, 7);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "RunnableRetry")]
#[derive(Debug, Clone)]
pub struct WithRetry<R> {
    inner: R,
    policy: RetryPolicy,
}

impl<R: Runnable> WithRetry<R> {
    pub(crate) fn new(inner: R, policy: RetryPolicy) -> Self {
        Self { inner, policy }
    }
}

#[async_trait]
impl<R: Runnable> Runnable for WithRetry<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        let cx = &cx.with_retries(self.policy.max_attempts - 1);
        let mut attempt = 1;
        while attempt < self.policy.max_attempts {
            match step::call(&self.inner, input.clone(), cx, Place::Attempt(attempt)).await {
                Ok(output) => return Ok(output),
                Err(error) => self.policy.pause(attempt, error, cx).await?,
            }
            attempt += 1;
        }
        step::call(&self.inner, input, cx, Place::Attempt(attempt)).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        let cx = cx.with_retries(self.policy.max_attempts - 1);
        let attempts = Arc::new(AtomicUsize::new(0));
        let (made, child) = (Arc::clone(&attempts), cx.clone());
        let begin = move |input| {
            let attempt = made.fetch_add(1, Ordering::Relaxed) + 1;
            step::transform(&self.inner, input, &child, Place::Attempt(attempt))
        };
        let again = move |error| {
            let (attempt, cx) = (attempts.load(Ordering::Relaxed), cx.clone());
            async move { self.policy.pause(attempt, error, &cx).await }
        };
        until_first_chunk(input, begin, again)
    }

    fn name(&self) -> Cow<'_, str> {
        self.inner.name()
    }

    fn outline(&self) -> Outline {
        Outline::wrapper(self.inner.outline()).with_constructor(self.policy.constructor())
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.inner.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [R: Runnable] WithRetry<R>);
