//! The laziness law.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use catena_core::{Result, Runnable, RunnableExt};
use futures_util::{StreamExt, stream};

use super::event_log::EventLog;
use super::{LawViolation, Laws};

impl Laws {
    /// Checks that nothing happens before the first poll: no run starts, no work begins, no input is read. Needs a
    /// [probe](Laws::with_probe) to observe work in progress.
    ///
    /// # Errors
    /// How the law is violated.
    pub async fn laziness<R>(&self, runnable: &R, input: R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        let log = EventLog::default();
        let config = self.config.clone().with_observer(log.clone());
        let shown = |way: &str| format!("{input:?}, {way}");
        self.inert(&log, shown("invoke"), || runnable.invoke_with(input.clone(), &config))?;
        self.inert(&log, shown("stream"), || runnable.stream_with(input.clone(), &config))?;
        self.inert(&log, shown("stream, unobserved"), || runnable.stream_with(input.clone(), &self.config))?;
        self.inert(&log, shown("stream_events"), || runnable.stream_events_with(input.clone(), &config))?;
        self.inert(&log, shown("batch"), || runnable.batch_with([input.clone()], &config))?;
        self.inert(&log, shown("try_batch"), || runnable.try_batch_with([input.clone()], &config))?;
        self.inert(&log, shown("batch_as_completed"), || {
            runnable.batch_as_completed_with([input.clone()], &config)
        })?;
        self.unread(&log, runnable, &input)
    }

    /// Checks an input that is itself a stream.
    fn unread<R>(&self, log: &EventLog, runnable: &R, input: &R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
    {
        let shown = format!("{input:?}, transform");
        let read = Arc::new(AtomicBool::new(false));
        let (note, chunk) = (Arc::clone(&read), input.clone());
        let chunks = stream::once(async move {
            note.store(true, Ordering::SeqCst);
            Ok(chunk)
        });
        self.inert(log, shown.clone(), || runnable.transform_with(chunks.boxed(), &self.config))?;
        match read.load(Ordering::SeqCst) {
            true => {
                Err(LawViolation::new("laziness", shown, "no reading before the first poll", "it is read"))
            }
            false => Ok(()),
        }
    }

    fn inert<T>(&self, log: &EventLog, input: String, make: impl FnOnce() -> T) -> Result<(), LawViolation> {
        let before = self.probe.entered();
        drop(make());
        let calls = self.probe.entered() - before;
        let events = log.len();
        if calls + events == 0 {
            return Ok(());
        }
        let got = format!("{calls} calls and {events} events");
        Err(LawViolation::new("laziness", input, "nothing before the first poll", got))
    }
}
