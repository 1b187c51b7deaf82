//! The law of observation.

use std::fmt;

use catena_core::{Chunk, Result, RunConfig, Runnable, RunnableExt, gather};

use super::outcome::{same_result, show};
use super::probe::ProbedCall;
use super::{LawViolation, Laws};

impl Laws {
    /// With an observer and without, the same calls are made in the same mode, and the results are equal. It takes a
    /// [probe](Laws::with_probe) to see the calls.
    ///
    /// # Errors
    /// How the law does not hold.
    pub async fn observation<R>(&self, runnable: &R, input: R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        let (_, watched) = self.logged();
        let run = |config: RunConfig| {
            let input = input.clone();
            async move { runnable.invoke_with(input, &config).await }
        };
        let (unseen, seen) =
            (self.calls(run(self.config.clone())).await, self.calls(run(watched.clone())).await);
        self.unchanged(format!("{input:?}, invoke"), unseen, seen)?;

        let run = |config: RunConfig| {
            let input = input.clone();
            async move { gather(runnable.stream_with(input, &config)).await }
        };
        let (unseen, seen) = (self.calls(run(self.config.clone())).await, self.calls(run(watched)).await);
        self.unchanged(format!("{input:?}, stream"), unseen, seen)
    }

    /// The result of a run, and the calls that were made meanwhile.
    async fn calls<T>(&self, run: impl Future<Output = T>) -> (T, Vec<ProbedCall>) {
        let before = self.probe.entered();
        let result = run.await;
        let mut calls = self.probe.calls().split_off(before);
        // The order of what runs at once is nobody's promise.
        calls.sort();
        (result, calls)
    }

    fn unchanged<O>(
        &self,
        input: String,
        (expected, unseen): (Result<O>, Vec<ProbedCall>),
        (got, seen): (Result<O>, Vec<ProbedCall>),
    ) -> Result<(), LawViolation>
    where
        O: Chunk + PartialEq + fmt::Debug,
    {
        if unseen != seen {
            let (unseen, seen) = (format!("unobserved: {unseen:?}"), format!("observed: {seen:?}"));
            return Err(LawViolation::new("observation", input, unseen, seen));
        }
        match same_result(&expected, &got, self.failures) {
            true => Ok(()),
            false => Err(LawViolation::new("observation", input, show(&expected), show(&got))),
        }
    }
}
