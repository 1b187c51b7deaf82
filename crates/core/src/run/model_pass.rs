//! The permission for one model call, and the report of its outcome.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::demand::tokens_of_chars;
use super::entry::enter;
use super::permits::Permit;
use crate::{Admission, Admitted, Context, Demand, Error, ErrorKind, Outcome, RateLimits, Result, Usage};

/// Permission for one model call: a concurrency permit of the run, and the consent of its admissions. Dropping it
/// releases both.
pub(crate) struct ModelPass {
    _permit: Option<Permit>,
    admitted: Vec<Box<dyn Admitted>>,
    /// The number of answers requested, of which a model's output is one.
    answers: u64,
    pub(super) meter: Arc<Meter>,
}

/// What is reported during a call whose output does not carry it.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Reported>);

#[derive(Debug, Clone, Copy, Default)]
struct Reported {
    usage: Option<Usage>,
    output_chars: Option<u64>,
}

impl Meter {
    pub(super) fn add(&self, usage: Usage) {
        *self.lock().usage.get_or_insert_default() += usage;
    }

    pub(super) fn add_output_chars(&self, chars: u64) {
        let mut reported = self.lock();
        reported.output_chars = Some(reported.output_chars.unwrap_or(0).saturating_add(chars));
    }

    fn take(&self) -> Reported {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Reported> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelPass {
    pub(super) fn new(permit: Option<Permit>) -> Self {
        Self { _permit: permit, admitted: Vec::new(), answers: 1, meter: Arc::default() }
    }

    /// Consults the admissions in order.
    pub(super) async fn enter(
        &mut self,
        admissions: &[Arc<dyn Admission>],
        demand: &Demand<'_>,
    ) -> Result<()> {
        self.answers = demand.answers.max(1);
        self.admitted =
            enter(admissions.iter().map(|admission| &**admission as &dyn Admission), demand).await?;
        Ok(())
    }

    /// Returns whether there is an admission to report to.
    pub(crate) fn is_reported(&self) -> bool {
        !self.admitted.is_empty()
    }

    /// Reports how the call ended, the usage its output states, whether any of the answer arrived, and how many
    /// characters, if known.
    pub(crate) fn leave(
        mut self,
        error: Option<&Error>,
        usage: Option<Usage>,
        answer_started: bool,
        chars: impl FnOnce() -> Option<u64>,
    ) {
        if !self.is_reported() {
            return;
        }
        let reported = self.meter.take();
        let usage = usage.or(reported.usage);
        let estimate = || {
            let seen = chars().map(|chars| self.estimate(chars));
            seen.or(reported.output_chars.map(tokens_of_chars))
        };
        let is_estimated = usage.is_none() || error.is_some();
        let estimate = if is_estimated { estimate() } else { None };
        let outcome = Outcome::new(RateLimits::default(), error);
        let outcome = outcome.with_usage(usage).with_estimated_output(estimate);
        let outcome = outcome.with_answer_started(answer_started);
        self.admitted.drain(..).for_each(|admitted| admitted.report(&outcome));
    }

    /// Assumes that the answers of which nothing is seen are as long as the one that is.
    fn estimate(&self, chars: u64) -> u64 {
        tokens_of_chars(chars).saturating_mul(self.answers)
    }
}

impl Context {
    /// Makes a call of a model that is not a [`LanguageModel`](crate::LanguageModel), such as an embedding model,
    /// subject to the run's limits.
    ///
    /// The call counts towards [`max_concurrency`](Self::max_concurrency), and the run's
    /// [`Admission`](crate::Admission) receives the result of `demand`. `call` receives the context for everything
    /// below it, and reports its usage with [`report_usage`](Self::report_usage), or else its outputs with
    /// [`report_outputs`](Self::report_outputs).
    ///
    /// # Errors
    /// Errors of the admission, and of the call.
    ///
    /// # Cancellation
    /// Dropping the future leaves the queue, or cancels the call.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Context, Demand, Usage};
    /// # futures_executor::block_on(async {
    /// let demand = || Demand::of_embedding("small", ["one", "two"]);
    /// let cx = Context::default(); // within a run, use the context of the step
    /// let vectors = cx.admitted(demand, async |cx| {
    ///     cx.report_usage("small", Usage::new(2, 0));
    ///     Ok([[0.5, 1.0], [0.25, 0.0]])
    /// });
    /// assert_eq!(vectors.await?.len(), 2);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    pub async fn admitted<'d, T, F>(
        &self,
        demand: impl Fn() -> Demand<'d>,
        call: impl FnOnce(Self) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let (pass, cx) = self.admit(demand).await?;
        let result = call(cx.into_owned()).await;
        if let Some(pass) = pass {
            pass.leave(result.as_ref().err(), None, has_begun(result.as_ref().err()), || None);
        }
        result
    }
}

/// Returns whether part of a non-streamed answer arrived, or may have: a service may keep working on a request that the
/// client no longer waits for.
pub(crate) fn has_begun(error: Option<&Error>) -> bool {
    error.is_none_or(|error| matches!(error.kind(), ErrorKind::Incomplete | ErrorKind::Timeout))
}
