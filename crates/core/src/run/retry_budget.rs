//! The number of retries that the parts of a run share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A budget of retries that everything in a run shares: retried steps, and clients with automatic retries. Once it is
/// exhausted, errors are returned without a retry.
///
/// There are two ways to get one:
///
/// * [`RunConfig::with_retry_budget`](crate::RunConfig::with_retry_budget) limits a whole run, or all runs that are
///   given the same budget, such as a batch. A budget given to a step with
///   [`with_config`](crate::RunnableExt::with_config) applies in addition to the caller's.
/// * [`with_retry`](crate::RunnableExt::with_retry) creates one for each call of the step it wraps, with as many
///   retries as its policy allows. A client below draws its retries from it, so three attempts around a model that
///   itself makes three result in three requests, not nine. A `with_retry` nested in another has its own budget: each
///   was requested explicitly.
///
/// Clones share the remaining retries.
///
/// # Example
/// ```
/// use catena_core::{Context, RetryBudget, RunConfig};
/// let budget = RetryBudget::new(1);
/// let cx = Context::new(&RunConfig::new().with_retry_budget(budget.clone()));
/// assert!(cx.take_retry());
/// assert!(!cx.take_retry());
/// assert_eq!(budget.left(), 0);
/// ```
#[derive(Debug, Clone)]
pub struct RetryBudget {
    own: Arc<Budget>,
    /// The caller's budget, which applies as well.
    outer: Option<Arc<Self>>,
}

#[derive(Debug)]
struct Budget {
    left: AtomicUsize,
    /// Whether it was created by a retried step for everything below it.
    of_step: bool,
}

impl RetryBudget {
    /// Creates a budget of this many retries.
    pub fn new(retries: usize) -> Self {
        Self::with_outer(retries, None, false)
    }

    fn with_outer(retries: usize, outer: Option<Self>, of_step: bool) -> Self {
        let own = Arc::new(Budget { left: AtomicUsize::new(retries), of_step });
        Self { own, outer: outer.map(Arc::new) }
    }

    /// Returns the number of retries left.
    pub fn left(&self) -> usize {
        let own = self.own.left.load(Ordering::Relaxed);
        self.outer.as_ref().map_or(own, |outer| own.min(outer.left()))
    }

    /// Creates the budget of one call of a retried step, within the existing budget.
    pub(crate) fn of_step(retries: usize, present: Option<&Self>) -> Self {
        Self::with_outer(retries, present.and_then(Self::without_steps), true)
    }

    /// Returns the budgets set by callers, without those created by retried steps.
    fn without_steps(&self) -> Option<Self> {
        let outer = self.outer.as_deref().and_then(Self::without_steps);
        if self.own.of_step {
            outer
        } else {
            Some(Self { own: self.own.clone(), outer: outer.map(Arc::new) })
        }
    }

    /// Returns this budget nested in the caller's: a retry takes one from each.
    pub(crate) fn within(&self, callers: &Self) -> Self {
        let mut all = std::iter::successors(Some(callers), |budget| budget.outer.as_deref());
        if all.any(|budget| Arc::ptr_eq(&budget.own, &self.own)) {
            return callers.clone();
        }
        Self { own: self.own.clone(), outer: Some(Arc::new(callers.clone())) }
    }

    /// Takes one retry. Returns `false` if none is left.
    pub(crate) fn take(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        if self.own.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            return false;
        }
        let taken = self.outer.as_ref().is_none_or(|outer| outer.take());
        if !taken {
            self.own.left.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_takes_from_its_own_budget_and_from_the_callers() {
        let caller = RetryBudget::new(3);
        let step = RetryBudget::of_step(2, Some(&caller));
        assert!(step.take() && step.take() && !step.take());
        assert_eq!((step.left(), caller.left()), (0, 1));
        let other = RetryBudget::of_step(5, Some(&caller));
        assert_eq!(other.left(), 1);
        assert!(other.take() && !other.take());
        assert_eq!(caller.left(), 0);
    }

    #[test]
    fn a_run_bounds_the_retries_of_its_steps() {
        use crate::{Error, ErrorKind, RetryPolicy, RunConfig, RunnableExt, lambda};
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let failing = lambda(move |_: i64| -> crate::Result<i64> {
            counted.fetch_add(1, Ordering::Relaxed);
            Err(Error::new(ErrorKind::Server, "busy"))
        });
        let patient = failing.with_retry(RetryPolicy::new().with_max_attempts(5).without_delay());
        let config = RunConfig::new().with_retry_budget(RetryBudget::new(6));
        for total in [5, 8, 9] {
            futures_executor::block_on(patient.invoke_with(1, &config)).expect_err("busy");
            assert_eq!(calls.load(Ordering::Relaxed), total);
        }
    }

    #[test]
    fn a_budget_below_another_takes_from_both() {
        let (caller, own) = (RetryBudget::new(3), RetryBudget::new(2));
        let both = own.within(&caller);
        assert!(both.take() && own.take() && !both.take());
        assert_eq!((own.left(), caller.left()), (0, 2));
        assert_eq!(caller.within(&both.within(&caller)).left(), 0, "none counts twice");
        assert!(RetryBudget::of_step(9, Some(&caller.within(&RetryBudget::of_step(0, None)))).take());
        assert_eq!(caller.left(), 1);
    }

    #[test]
    fn a_step_in_a_step_has_its_own() {
        let outer = RetryBudget::of_step(1, None);
        let inner = RetryBudget::of_step(2, Some(&outer));
        assert!(inner.take() && inner.take() && !inner.take());
        assert_eq!(outer.left(), 1);
    }
}
