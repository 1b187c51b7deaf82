//! The seam for whoever decides when a request may be sent: a rate limiter, a queue, a budget.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Error, RateLimits, Result};

/// Lets requests in, and learns how they ended.
///
/// A client of a service asks before every attempt, retries included, and reports after it.
///
/// # Contract
/// `admit` completes when the request may be sent. What it returns is held until the answer is complete, or its stream
/// has ended. Each admission is reported once or, if the caller gave up, dropped without a report.
///
/// # Errors
/// An error of `admit` becomes the error of the call; nothing is sent. It is retried if it says so.
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
///     async fn admit(&self, _demand: &Demand) -> Result<Box<dyn Admitted>> {
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
    async fn admit(&self, demand: &Demand) -> Result<Box<dyn Admitted>>;
}

/// The right to send one request. See [`Admission`].
pub trait Admitted: Send {
    /// Says how the request ended.
    fn report(self: Box<Self>, outcome: &Outcome<'_>);
}

/// What a request will ask for. See [`Admission`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demand {
    /// How many tokens it will use, by the caller's estimate, if there is one.
    pub tokens: Option<u64>,
}

impl Demand {
    /// A request of about so many tokens.
    pub fn of_tokens(tokens: Option<u64>) -> Self {
        Self { tokens }
    }
}

/// How a request ended. See [`Admission`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Outcome<'a> {
    /// What the answer said about the limits; empty without an answer.
    pub limits: RateLimits,
    /// Why it failed, if it did: its kind, and how long the service asks to wait.
    pub error: Option<&'a Error>,
}

impl<'a> Outcome<'a> {
    /// A request that ended so.
    pub fn new(limits: RateLimits, error: Option<&'a Error>) -> Self {
        Self { limits, error }
    }
}
