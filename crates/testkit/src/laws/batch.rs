//! The batch law.

use std::fmt;

use catena_core::{Result, RunConfig, Runnable, RunnableExt};
use futures_util::StreamExt;

use super::event_log::EventLog;
use super::outcome::{same_result, show};
use super::{LawViolation, Laws};

impl Laws {
    /// Checks that `batch(xs)[i]` equals the result of `invoke(xs[i])` regardless of the other items, that
    /// `batch_as_completed` yields every index once, and that at most `max_concurrency` items run concurrently.
    ///
    /// # Errors
    /// How the law is violated.
    pub async fn batch<R>(&self, runnable: &R, inputs: Vec<R::Input>) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        let mut expected = Vec::new();
        for input in inputs.iter().cloned() {
            expected.push(runnable.invoke_with(input, &self.config).await);
        }
        let unbounded = runnable.batch_with(inputs.clone(), &self.config).await;
        self.same_results(&inputs, "batch", &expected, &unbounded)?;
        self.completes_each_once(runnable, &inputs, &expected).await?;
        for limit in [1, 2] {
            let log = EventLog::default();
            let config = self.config.clone().with_max_concurrency(limit).with_observer(log.clone());
            let bounded = self.bounded(runnable, &inputs, &config).await;
            self.same_results(&inputs, &format!("max_concurrency = {limit}"), &expected, &bounded)?;
            if log.most_roots() > limit {
                let input = format!("{inputs:?}, max_concurrency = {limit}");
                let got = format!("{} at once", log.most_roots());
                return Err(LawViolation::new("batch", input, format!("at most {limit} at once"), got));
            }
        }
        Ok(())
    }

    async fn bounded<R>(
        &self,
        runnable: &R,
        inputs: &[R::Input],
        config: &RunConfig,
    ) -> Vec<Result<R::Output>>
    where
        R: Runnable + ?Sized,
    {
        runnable.batch_with(inputs.to_vec(), config).await
    }

    async fn completes_each_once<R>(
        &self,
        runnable: &R,
        inputs: &[R::Input],
        expected: &[Result<R::Output>],
    ) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        let completed = runnable.batch_as_completed_with(inputs.to_vec(), &self.config);
        let mut completed: Vec<(usize, Result<R::Output>)> = completed.collect().await;
        completed.sort_by_key(|(index, _)| *index);
        let indices: Vec<usize> = completed.iter().map(|(index, _)| *index).collect();
        if !indices.iter().copied().eq(0..inputs.len()) {
            let input = format!("{inputs:?}, batch_as_completed");
            let got = format!("{indices:?}");
            return Err(LawViolation::new("batch", input, "every index once", got));
        }
        let results: Vec<Result<R::Output>> = completed.into_iter().map(|(_, result)| result).collect();
        self.same_results(inputs, "batch_as_completed", expected, &results)
    }

    fn same_results<I, O>(
        &self,
        inputs: &[I],
        way: &str,
        expected: &[Result<O>],
        got: &[Result<O>],
    ) -> Result<(), LawViolation>
    where
        I: fmt::Debug,
        O: PartialEq + fmt::Debug,
    {
        if expected.len() != got.len() {
            let (wanted, got) = (expected.len().to_string(), got.len().to_string());
            return Err(LawViolation::new("batch", format!("{inputs:?}, {way}: how many"), wanted, got));
        }
        for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
            if !same_result(expected, got, self.failures) {
                let input = format!("item {index} of {inputs:?}, {way}");
                return Err(LawViolation::new("batch", input, show(expected), show(got)));
            }
        }
        Ok(())
    }
}
