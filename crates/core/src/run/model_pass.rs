//! The permission for one model call, and the report of its outcome.

use std::sync::{Arc, Mutex, PoisonError};

use super::entry::enter;
use super::permits::Permit;
use crate::{Admission, Admitted, Context, Demand, Error, ErrorKind, Outcome, RateLimits, Result, Usage};

/// Permission for one model call: a concurrency permit of the run, and the consent of its admissions. Dropping it
/// releases both.
pub(crate) struct ModelPass {
    _permit: Option<Permit>,
    admitted: Vec<Box<dyn Admitted>>,
    pub(super) meter: Arc<Meter>,
}

/// Token usage reported during a call whose output does not carry it.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Option<Usage>>);

impl Meter {
    pub(super) fn add(&self, usage: Usage) {
        let mut total = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *total.get_or_insert_default() += usage;
    }

    fn take(&self) -> Option<Usage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ModelPass {
    pub(super) fn new(permit: Option<Permit>) -> Self {
        Self { _permit: permit, admitted: Vec::new(), meter: Arc::default() }
    }

    /// Consults the admissions in order.
    pub(super) async fn enter(
        &mut self,
        admissions: &[Arc<dyn Admission>],
        demand: &Demand<'_>,
    ) -> Result<()> {
        self.admitted =
            enter(admissions.iter().map(|admission| &**admission as &dyn Admission), demand).await?;
        Ok(())
    }

    /// Reports how the call ended, the usage its output states, and whether any of the answer arrived.
    pub(crate) fn leave(mut self, error: Option<&Error>, usage: Option<Usage>, answer_started: bool) {
        let usage = usage.or(self.meter.take());
        let outcome = Outcome::new(RateLimits::default(), error);
        let outcome = outcome.with_usage(usage).with_answer_started(answer_started);
        self.admitted.drain(..).for_each(|admitted| admitted.report(&outcome));
    }
}

impl Context {
    /// Makes a call of a model that is not a [`LanguageModel`](crate::LanguageModel), such as an embedding model,
    /// subject to the run's limits.
    ///
    /// The call counts towards [`max_concurrency`](Self::max_concurrency), and the run's
    /// [`Admission`](crate::Admission) receives the result of `demand`. `call` receives the context for everything
    /// below it, and reports its usage with [`report_usage`](Self::report_usage).
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
            pass.leave(result.as_ref().err(), None, has_begun(result.as_ref().err()));
        }
        result
    }
}

/// Returns whether part of a non-streamed answer arrived, or may have: a service may keep working on a request that the
/// client no longer waits for.
pub(crate) fn has_begun(error: Option<&Error>) -> bool {
    error.is_none_or(|error| matches!(error.kind(), ErrorKind::Incomplete | ErrorKind::Timeout))
}
