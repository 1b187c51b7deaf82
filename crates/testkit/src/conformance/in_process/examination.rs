//! Runs a behaviour of an in-process model.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::super::Verdict;
use super::super::examination::{applies, assert_verdict, run_bounded};
use super::super::subject::Answered;
use super::{InProcess, InProcessStage};

/// The name of a behaviour, and the function that tests it.
type Behaviour<O> = (&'static str, for<'a> fn(&'a InProcessStage<O>) -> BoxFuture<'a, Verdict>);

/// Tests one behaviour of an in-process model, on a separate thread. The counterpart of
/// [`examine`](crate::conformance::examine) for models without a service.
///
/// # Errors
/// Why the behaviour did not pass.
///
/// # Example
/// See [`InProcess`].
pub fn examine_in_process<S: InProcess + 'static>(subject: S, behaviour: &str) -> Verdict {
    let known = table::<S::Output>();
    let reason = subject.skips().iter().find(|(name, _)| *name == behaviour).map(|(_, reason)| *reason);
    let names: Vec<&str> = in_process_behaviours().collect();
    applies(&names, subject.skips(), reason)?;
    let run = known.iter().find(|(name, _)| *name == behaviour).map(|(_, run)| *run);
    run_bounded(behaviour, run, InProcessStage::new(Arc::new(subject)))
}

/// [`examine_in_process`] for use in tests: prints why a behaviour does not apply.
///
/// # Panics
/// If the behaviour is broken, with the fault.
pub fn assert_in_process_behaviour<S: InProcess + 'static>(subject: S, behaviour: &str) {
    assert_verdict(behaviour, examine_in_process(subject, behaviour));
}

/// Returns the names of all behaviours.
pub fn in_process_behaviours() -> impl Iterator<Item = &'static str> {
    table::<String>().into_iter().map(|(name, _)| name)
}

fn table<O: Answered>() -> Vec<Behaviour<O>> {
    crate::__each_in_process_behaviour! { __in_process_table! [O] }
}
