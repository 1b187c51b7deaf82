//! The law of events.

use std::fmt;

use catena_core::{ErrorKind, Result, Runnable, RunnableExt, gather};

use super::event_log::{Ending, EventLog};
use super::{LawViolation, Laws};

impl Laws {
    /// Checks that every run has exactly one start and one end (success, error or cancellation), both within those of
    /// its parent run, and that the outermost run ends like the result.
    ///
    /// # Errors
    /// How the law is violated.
    pub async fn events<R>(&self, runnable: &R, input: R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        let (log, config) = self.logged();
        let called = runnable.invoke_with(input.clone(), &config).await.map(|_| ());
        check(&log, format!("{input:?}, invoke"), Some(&called))?;

        let (log, config) = self.logged();
        let streamed = gather(runnable.stream_with(input.clone(), &config)).await.map(|_| ());
        check(&log, format!("{input:?}, stream"), Some(&streamed))?;

        let (log, config) = self.logged();
        drop(runnable.batch_with([input.clone(), input.clone()], &config).await);
        check(&log, format!("{input:?} twice, batch"), None)?;

        let (log, config) = self.logged();
        drop(runnable.try_batch_with([input.clone(), input.clone()], &config).await);
        check(&log, format!("{input:?} twice, try_batch"), None)
    }

    pub(super) fn logged(&self) -> (EventLog, catena_core::RunConfig) {
        let log = EventLog::default();
        let config = self.config.clone().with_observer(log.clone());
        (log, config)
    }
}

fn check(log: &EventLog, input: String, result: Option<&Result<()>>) -> Result<(), LawViolation> {
    let expected = "every run starts once and ends once, within the run it is part of";
    log.check().map_err(|why| LawViolation::new("events", input.clone(), expected, why))?;
    let Some(result) = result else { return Ok(()) };
    let wanted = match result {
        Ok(()) => Ending::Ok,
        Err(error) if error.kind() == ErrorKind::Cancelled => Ending::Cancelled,
        Err(_) => Ending::Error,
    };
    match log.root_endings().last() {
        Some(ending) if *ending != wanted => {
            let (wanted, got) = (format!("the outermost run ends with {wanted:?}"), format!("{ending:?}"));
            Err(LawViolation::new("events", input, wanted, got))
        }
        _ => Ok(()),
    }
}
