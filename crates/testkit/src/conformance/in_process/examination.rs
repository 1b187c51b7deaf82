//! Runs a behaviour of a model within the process.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::super::Verdict;
use super::super::examination::{applies, assert_verdict, run_bounded};
use super::super::subject::Answered;
use super::{InProcess, InProcessStage};

/// A behaviour's name, and what shows it.
type Behaviour<O> = (&'static str, for<'a> fn(&'a InProcessStage<O>) -> BoxFuture<'a, Verdict>);

/// Examines one behaviour of a model that runs within the process, on a thread of its own, as
/// [`examine`](crate::conformance::examine) does for one with a service.
///
/// # Errors
/// Why the behaviour was not shown.
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

/// [`examine_in_process`] for tests: prints why a behaviour does not apply.
///
/// # Panics
/// With the fault of a behaviour that is broken.
pub fn assert_in_process_behaviour<S: InProcess + 'static>(subject: S, behaviour: &str) {
    assert_verdict(behaviour, examine_in_process(subject, behaviour));
}

/// The names of all behaviours.
pub fn in_process_behaviours() -> impl Iterator<Item = &'static str> {
    table::<String>().into_iter().map(|(name, _)| name)
}

fn table<O: Answered>() -> Vec<Behaviour<O>> {
    crate::__each_in_process_behaviour! { __in_process_table! [O] }
}
