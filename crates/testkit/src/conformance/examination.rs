//! Runs a behaviour, with a time limit and whatever it may do.

use std::any::Any;
use std::io::Write;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::subject::{Answered, Subject};
use super::{Fault, Stage, Verdict};

/// After this time a behaviour hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What a model is examined for.
pub struct Behaviour<O> {
    /// Its name: that of the test which the macros make of it.
    pub name: &'static str,
    pub(super) run: for<'a> fn(&'a Stage<O>) -> BoxFuture<'a, Verdict>,
}

/// Examines one behaviour of a subject.
///
/// It runs on a thread of its own, so that one that hangs or panics is a [`Fault`] like any other.
///
/// # Errors
/// Why the behaviour was not shown.
///
/// # Example
/// See the guide for authors of providers, `docs/writing-a-provider.md`.
pub fn examine<S: Subject + 'static>(subject: S, behaviour: &str) -> Verdict {
    let known = S::Output::behaviours();
    let names: Vec<&str> = known.iter().map(|behaviour| behaviour.name).collect();
    applies(&names, subject.skips(), subject.skip_reason(behaviour))?;
    let run = known.iter().find(|known| known.name == behaviour).map(|known| known.run);
    run_bounded(behaviour, run, Stage::new(Arc::new(subject)))
}

/// [`examine`] for tests: prints why a behaviour does not apply. What the subject skips is printed to the standard error
/// even where tests that pass print nothing.
///
/// # Panics
/// With the fault of a behaviour that is broken.
pub fn assert_behaviour<S: Subject + 'static>(subject: S, behaviour: &str) {
    assert_verdict(behaviour, examine(subject, behaviour));
}

/// Passes, panics, or prints why there is nothing to pass.
#[track_caller]
pub(super) fn assert_verdict(behaviour: &str, verdict: Verdict) {
    match verdict {
        Ok(()) => {}
        Err(Fault::Broken(how)) => panic!("`{behaviour}` is broken: {how}"),
        Err(Fault::Skipped(reason)) => {
            // Past what captures the output of tests: nobody is to think that this one was shown. Without a standard
            // error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "`{behaviour}` is skipped: {reason}");
        }
        #[expect(clippy::print_stderr, reason = "a test says why it did not run")]
        Err(Fault::NotApplicable(reason)) => eprintln!("`{behaviour}` does not apply: {reason}"),
    }
}

/// Goes on if the subject is to be examined for the behaviour, and skips nothing that there is not.
pub(super) fn applies(known: &[&str], skips: &[(&str, &str)], reason: Option<&str>) -> Verdict {
    if let Some((name, _)) = skips.iter().find(|(name, _)| !known.contains(name)) {
        return Err(Fault::Broken(format!("the subject skips `{name}`, and there is no such behaviour")));
    }
    match reason {
        Some(reason) if reason.trim().is_empty() => {
            Err(Fault::Broken("the subject skips it and does not say why".to_owned()))
        }
        Some(reason) => Err(Fault::Skipped(reason.to_owned())),
        None => Ok(()),
    }
}

/// Runs a behaviour, if there is one, on a thread of its own.
pub(super) fn run_bounded<S: Send + Sync + 'static>(
    behaviour: &str,
    run: Option<for<'a> fn(&'a S) -> BoxFuture<'a, Verdict>>,
    stage: S,
) -> Verdict {
    let Some(run) = run else {
        return Err(Fault::Broken(format!("there is no behaviour `{behaviour}`")));
    };
    bounded(behaviour, LIMIT, move || pollster::block_on(run(&stage)))
}

/// Runs it on a thread of its own, for so long.
pub(super) fn bounded<T: Send + 'static>(
    name: &str,
    limit: Duration,
    run: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let (done, end) = mpsc::channel();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Nobody waits any more when it took too long.
        let _ = done.send(run());
    });
    let thread = thread.map_err(|error| Fault::Broken(format!("no thread for the test: {error}")))?;
    match end.recv_timeout(limit) {
        Ok(verdict) => verdict,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            Err(Fault::Broken(format!("it hangs: no end after {} seconds", limit.as_secs())))
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            Err(Fault::Broken(format!("it panics: {}", panic.as_deref().map_or("no message", message))))
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

impl<O> std::fmt::Debug for Behaviour<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Behaviour").field(&self.name).finish()
    }
}
