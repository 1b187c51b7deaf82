//! A dedicated thread for work that must not block an executor.

use std::io;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use catena_core::{Error, ErrorKind, Result};
use futures_channel::oneshot;

/// Owns a `T` on a dedicated thread, which ends when the last clone is dropped.
pub(crate) struct Worker<T>(Sender<Job<T>>);

type Job<T> = Box<dyn FnOnce(&mut T) + Send>;

impl<T: Send + 'static> Worker<T> {
    /// Starts the thread.
    pub(crate) fn start(name: &str, mut state: T) -> io::Result<Self> {
        let (sender, jobs) = channel::<Job<T>>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in jobs {
                job(&mut state);
            }
        })?;
        Ok(Self(sender))
    }

    /// Runs a job on the thread, after all earlier ones. Dropping the future does not cancel the job.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut T) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let (answer, result) = oneshot::channel();
        let sent = self.0.send(Box::new(move |state| {
            // The caller may be gone.
            let _ = answer.send(work(state));
        }));
        // If a job is not sent or not finished, its sender is dropped.
        drop(sent);
        result.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl<T> Clone for Worker<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Other, "the store's thread has stopped after a panic")
}
