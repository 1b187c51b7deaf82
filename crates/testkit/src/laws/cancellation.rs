//! The cancellation law.

use std::fmt;

use catena_core::{Result, Runnable, RunnableExt};

use super::event_log::{Ending, EventLog};
use super::polls::{poll_future, poll_stream};
use super::{LawViolation, Laws};

impl Laws {
    /// Checks that a call, stream or batch dropped after any number of polls leaves no open runs and no work in
    /// progress, and that its outermost run is reported as cancelled. Needs a [probe](Laws::with_probe) to observe work
    /// in progress.
    ///
    /// # Errors
    /// How the law is violated.
    pub async fn cancellation<R>(&self, runnable: &R, input: R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        self.drop_calls(runnable, &input).await?;
        self.drop_streams(runnable, &input).await?;
        self.drop_batches(runnable, &input).await
    }

    async fn drop_calls<R>(&self, runnable: &R, input: &R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        for polls in 0..self.max_polls {
            let (log, config) = self.logged();
            let complete = poll_future(runnable.invoke_with(input.clone(), &config), polls).await.is_some();
            self.nothing_left(&log, !complete, || format!("{input:?}, call dropped after {polls} polls"))?;
            if complete {
                break;
            }
        }
        Ok(())
    }

    async fn drop_streams<R>(&self, runnable: &R, input: &R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        for polls in 0..self.max_polls {
            let (log, config) = self.logged();
            let stream = runnable.stream_with(input.clone(), &config);
            let complete = poll_stream(stream, polls, Result::is_err).await;
            self.nothing_left(&log, !complete, || format!("{input:?}, stream dropped after {polls} polls"))?;
            if complete {
                break;
            }
        }
        Ok(())
    }

    async fn drop_batches<R>(&self, runnable: &R, input: &R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        for polls in 0..self.max_polls {
            let (log, config) = self.logged();
            let config = config.with_max_concurrency(2);
            let inputs = [input.clone(), input.clone(), input.clone()];
            let stream = runnable.batch_as_completed_with(inputs, &config);
            let complete = poll_stream(stream, polls, |_| false).await;
            let situation = || format!("{input:?} three times, batch dropped after {polls} polls");
            self.nothing_left(&log, false, situation)?;
            if complete {
                break;
            }
        }
        Ok(())
    }

    fn nothing_left(
        &self,
        log: &EventLog,
        cancelled: bool,
        input: impl Fn() -> String,
    ) -> Result<(), LawViolation> {
        let expected = "every run that started has ended";
        log.check().map_err(|why| LawViolation::new("cancellation", input(), expected, why))?;
        if self.probe.inside() > 0 {
            let got = format!("{} at work", self.probe.inside());
            return Err(LawViolation::new("cancellation", input(), "nobody is at work any more", got));
        }
        match log.root_endings().last() {
            Some(ending) if cancelled && *ending != Ending::Cancelled => {
                let expected = "the outermost run is cancelled";
                Err(LawViolation::new("cancellation", input(), expected, format!("{ending:?}")))
            }
            _ => Ok(()),
        }
    }
}
