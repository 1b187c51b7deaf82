//! The observation law.

use std::fmt;

use catena_core::{Chunk, Result, RunConfig, Runnable, RunnableExt, gather};

use super::outcome::{same_result, show};
use super::probe::ProbedCall;
use super::{LawViolation, Laws};

impl Laws {
    /// Checks that with and without an observer the same calls are made in the same mode, with equal results. Needs a
    /// [probe](Laws::with_probe) to observe the calls.
    ///
    /// # Errors
    /// How the law is violated.
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

    /// Returns the result of a run, and the calls made during it.
    async fn calls<T>(&self, run: impl Future<Output = T>) -> (T, Vec<ProbedCall>) {
        let before = self.probe.entered();
        let result = run.await;
        let mut calls = self.probe.calls().split_off(before);
        // The order of concurrent calls is unspecified.
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
