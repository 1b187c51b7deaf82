//! The seam for whoever decides whether and when a model may be called: a rate limiter, a queue, a budget.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use super::entry::enter;
use crate::{Demand, Error, RateLimits, Result, Usage};

/// Lets calls of models in, and learns how they ended.
///
/// There are two places for one. A client of a service asks before every attempt, retries included, and reports after
/// it: the place of a rate limiter. A run asks before every model call in it, whatever model that is, see
/// [`RunConfig::with_admission`](crate::RunConfig::with_admission), and reports what the call used: the place of a
/// budget.
///
/// # Contract
/// `admit` completes when the call may be made. What it returns is held until the answer is complete, or its stream
/// has ended. Each admission is reported once or, if the caller gave up, dropped without a report. A call that was given up
/// while another admission was waited for is reported too, as cancelled: nothing was sent.
///
/// # Errors
/// An error of `admit` becomes the error of the call: nothing is sent, and nobody tries again.
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

    /// What clones that share one state have in common, and nothing else has: the address of that state. A run that is
    /// given several of them, by its caller and by its steps, asks once. `None`: it shares nothing.
    fn identity(&self) -> Option<usize> {
        None
    }

    /// The two of which a pair is made: each is asked on its own, so that one which a run has from elsewhere too is not
    /// asked twice. `None`: it is no pair.
    fn halves(&self) -> Option<[&dyn Admission; 2]> {
        None
    }
}

/// The right to send one request. See [`Admission`].
pub trait Admitted: Send {
    /// Says how the request ended.
    fn report(self: Box<Self>, outcome: &Outcome<'_>);
}

/// How a request ended. See [`Admission`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// What the answer said about the limits; empty without an answer.
    pub limits: RateLimits,
    /// Why it failed, if it did: its kind, and how long the service asks to wait.
    pub error: Option<&'a Error>,
    /// What it used, as far as that is known. A client of a service reports none.
    pub usage: Option<Usage>,
    /// True if a part of the answer had arrived, or may have, as of a request that took too long: then the service did some
    /// work, even where the request failed.
    pub had_begun: bool,
}

impl<'a> Outcome<'a> {
    /// A request that ended so.
    pub fn new(limits: RateLimits, error: Option<&'a Error>) -> Self {
        Self { limits, error, usage: None, had_begun: false }
    }

    /// A call that used so much.
    #[must_use]
    pub fn with_usage(mut self, usage: Option<Usage>) -> Self {
        self.usage = usage;
        self
    }

    /// A request of whose answer a part had arrived, or nothing.
    #[must_use]
    pub fn with_had_begun(mut self, had_begun: bool) -> Self {
        self.had_begun = had_begun;
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

    fn halves(&self) -> Option<[&dyn Admission; 2]> {
        (**self).halves()
    }
}

/// One after the other: both must let a call in, and both are told how it ended. What the first one lets in waits for the
/// second: the one that says when exactly to send comes last, as a rate limiter behind a queue. Where the second refuses,
/// the first is told of its error, as of a call that came to nothing; where the caller gives up waiting for the second,
/// of a [cancelled](crate::ErrorKind::Cancelled) one.
#[async_trait]
impl<A: Admission, B: Admission> Admission for (A, B) {
    async fn admit(&self, demand: &Demand<'_>) -> Result<Box<dyn Admitted>> {
        Ok(Box::new(enter([self as &dyn Admission], demand).await?))
    }

    fn halves(&self) -> Option<[&dyn Admission; 2]> {
        Some([&self.0, &self.1])
    }
}

/// Each is told how the request ended.
impl Admitted for Vec<Box<dyn Admitted>> {
    fn report(self: Box<Self>, outcome: &Outcome<'_>) {
        self.into_iter().for_each(|admitted| admitted.report(outcome));
    }
}
