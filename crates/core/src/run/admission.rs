//! The extension point that decides whether and when a model may be called: rate limiters, queues, budgets.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::entry::enter;
use crate::{Demand, Error, RateLimits, Result, Usage};

/// A gate for model calls: decides when each may start, and is told how it ended.
///
/// An admission can be installed in two places. A service client consults it before every attempt, including retries,
/// and reports after each attempt: the place for a rate limiter. A run consults it before every model call, whichever
/// model it is, and reports what the call used: the place for a budget, see
/// [`RunConfig::with_admission`](crate::RunConfig::with_admission).
///
/// # Contract
/// `admit` completes when the call may be made. The returned value is held until the answer is complete or its stream
/// has ended. Each admitted call is reported once or, if the caller dropped it, dropped without a report. Two cases of
/// dropped calls are reported, as [cancelled](crate::ErrorKind::Cancelled): if it was waiting for a further admission,
/// to the earlier ones, because nothing was sent; and by a run, if it is a stream of which a part had arrived.
///
/// # Errors
/// An error of `admit` becomes the error of the call: nothing is sent, and the client does not retry.
///
/// # Cancellation
/// Dropping the future leaves the queue.
///
/// # Example
/// ```
/// use catena_core::{Admission, Admitted, Demand, Outcome, Result, async_trait};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// /// Counts the requests that failed.
/// #[derive(Debug, Default)]
/// struct Failures(Arc<AtomicUsize>);
///
/// struct Ticket(Arc<AtomicUsize>);
///
/// #[async_trait]
/// impl Admission for Failures {
///     async fn admit(&self, _demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
///         Ok(Box::new(Ticket(Arc::clone(&self.0))))
///     }
/// }
///
/// impl Admitted for Ticket {
///     fn report(self: Box<Self>, outcome: &Outcome<'_>) {
///         if outcome.error.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Admission: Debug + Send + Sync {
    /// Waits until a request may be sent.
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>>;

    /// Returns an identifier common to all clones that share one state, and to nothing else: the address of that state.
    /// A run that receives the same admission more than once, from its caller and its steps, consults it once. `None`
    /// if it shares no state.
    fn identity(&self) -> Option<usize> {
        None
    }

    /// Returns the two members of a pair, which are consulted separately, so that a member that the run already has
    /// from elsewhere is not consulted twice. `None` if it is not a pair.
    fn pair(&self) -> Option<[&dyn Admission; 2]> {
        None
    }
}

/// Permission to send one request. See [`Admission`].
pub trait Admitted: Send {
    /// Reports how the request ended.
    fn report(self: Box<Self>, outcome: &Outcome<'_>);
}

/// The outcome of a request. See [`Admission`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// The rate limits that the response reported; empty without a response.
    pub limits: RateLimits,
    /// The error, if it failed: its kind, and how long the service asks to wait.
    pub error: Option<&'a Error>,
    /// The token usage, if known. Service clients report none.
    pub usage: Option<Usage>,
    /// The number of output tokens received, estimated from the characters of the answer at the ratio of
    /// [`ApproximateTokens`](crate::ApproximateTokens). Hidden reasoning is not included. A run sets it if the usage is
    /// unknown and, as a stream that breaks off may have reported only part of its usage, if a stream fails. `None`
    /// from service clients, and where no output is at hand.
    pub estimated_output: Option<u64>,
    /// Whether part of the answer arrived, or may have arrived, as in a request that timed out: the service then did
    /// some work even though the request failed.
    pub answer_started: bool,
}

impl<'a> Outcome<'a> {
    /// Creates an outcome from the reported limits and the error, if any.
    pub fn new(limits: RateLimits, error: Option<&'a Error>) -> Self {
        Self { limits, error, ..Self::default() }
    }

    /// Sets the token usage.
    #[must_use]
    pub fn with_usage(mut self, usage: Option<Usage>) -> Self {
        self.usage = usage;
        self
    }

    /// Sets the estimated number of output tokens received.
    #[must_use]
    pub fn with_estimated_output(mut self, tokens: Option<u64>) -> Self {
        self.estimated_output = tokens;
        self
    }

    /// Sets whether part of the answer arrived.
    #[must_use]
    pub fn with_answer_started(mut self, answer_started: bool) -> Self {
        self.answer_started = answer_started;
        self
    }
}

#[async_trait]
impl<A: Admission + ?Sized> Admission for Arc<A> {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        (**self).admit(demand).await
    }

    fn identity(&self) -> Option<usize> {
        (**self).identity()
    }

    fn pair(&self) -> Option<[&dyn Admission; 2]> {
        (**self).pair()
    }
}

/// Consults both in order: both must admit the call, and both are told how it ended.
///
/// A call admitted by the first waits for the second, so put the one that decides the exact time of sending last, such
/// as a rate limiter behind a queue. If the second rejects the call, the first is told its error, as nothing was sent;
/// if the caller stops waiting for the second, the first is told of a [cancelled](crate::ErrorKind::Cancelled) call.
#[async_trait]
impl<A: Admission, B: Admission> Admission for (A, B) {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        Ok(Box::new(enter([self as &dyn Admission], demand).await?))
    }

    fn pair(&self) -> Option<[&dyn Admission; 2]> {
        Some([&self.0, &self.1])
    }
}

/// Reports the outcome to each.
impl Admitted for Vec<Box<dyn Admitted>> {
    fn report(self: Box<Self>, outcome: &Outcome<'_>) {
        self.into_iter().for_each(|admitted| admitted.report(outcome));
    }
}
