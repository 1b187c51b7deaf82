//! The right to call a model, and what becomes of it.

use std::sync::{Arc, Mutex, PoisonError};

use super::entry::enter;
use super::permits::Permit;
use crate::{Admission, Admitted, Context, Demand, Error, ErrorKind, Outcome, RateLimits, Result, Usage};

/// The right to one model call: a permit of the run, and the leave of its admissions. Dropping it gives both back.
pub(crate) struct ModelPass {
    _permit: Option<Permit>,
    admitted: Vec<Box<dyn Admitted>>,
    pub(super) meter: Arc<Meter>,
}

/// What a call reported that its output does not carry.
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

    /// Asks one after the other.
    pub(super) async fn enter(
        &mut self,
        admissions: &[Arc<dyn Admission>],
        demand: &Demand<'_>,
    ) -> Result<()> {
        self.admitted =
            enter(admissions.iter().map(|admission| &**admission as &dyn Admission), demand).await?;
        Ok(())
    }

    /// Says how the call ended, what its output says that it used, and whether there was any.
    pub(crate) fn leave(mut self, error: Option<&Error>, usage: Option<Usage>, had_begun: bool) {
        let usage = usage.or(self.meter.take());
        let outcome = Outcome::new(RateLimits::default(), error);
        let outcome = outcome.with_usage(usage).with_had_begun(had_begun);
        self.admitted.drain(..).for_each(|admitted| admitted.report(&outcome));
    }
}

impl Context {
    /// Makes the call of a model that is no [`LanguageModel`](crate::LanguageModel), such as one for embeddings, under
    /// the limits of the run: it counts for [`max_concurrency`](Self::max_concurrency), and the run's
    /// [`Admission`](crate::Admission) is asked with what `demand` gives. `call` gets the context for everything below
    /// it, and says with [`report_usage`](Self::report_usage) what it used.
    ///
    /// # Errors
    /// Those of the admission, and those of the call.
    ///
    /// # Cancellation
    /// Dropping the future leaves the queue, or drops the call.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Context, Demand, Usage};
    /// # futures_executor::block_on(async {
    /// let demand = || Demand::of_embedding("small", ["one", "two"]);
    /// let cx = Context::default(); // in a run, that of the step
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

/// Whether a part of an answer had arrived that was asked for at once, or may have: a service may work on what is no longer
/// waited for.
pub(crate) fn has_begun(error: Option<&Error>) -> bool {
    error.is_none_or(|error| matches!(error.kind(), ErrorKind::Incomplete | ErrorKind::Timeout))
}
