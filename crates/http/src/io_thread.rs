//! The thread that does network I/O for callers without a suitable tokio runtime.
//!
//! It is started by the first request that needs it and lives as long as the process. It builds, drives and drops its
//! current-thread runtime itself, because dropping a runtime inside async code panics. Only transport work runs there:
//! user code is polled by the caller.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError, mpsc};
use std::task::{Context, Poll, ready};
use std::thread;

use catena_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle};
use tokio::task::JoinHandle;

use crate::failure;

const NAME: &str = "catena-io";

/// Only DNS lookups block, and slow lookups must not cost one thread per request in flight.
const MAX_LOOKUPS: usize = 16;

struct IoThread {
    handle: Handle,
    /// A forked child inherits this value but not the thread.
    pid: u32,
    thread: thread::JoinHandle<()>,
}

static CURRENT: Mutex<Option<IoThread>> = Mutex::new(None);

thread_local! {
    static ON_IO_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Returns true on the I/O thread itself.
pub(crate) fn is_current() -> bool {
    ON_IO_THREAD.with(Cell::get)
}

/// Returns the handle of the I/O thread's runtime, starting the thread if this process has none.
pub(crate) fn handle() -> Result<Handle> {
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    let pid = std::process::id();
    if let Some(io) = &*current
        && io.pid == pid
        && !io.thread.is_finished()
    {
        return Ok(io.handle.clone());
    }
    let io = start(pid)?;
    let handle = io.handle.clone();
    // After a fork, the old value refers to a thread of the parent: it must not be dropped.
    std::mem::forget(current.replace(io));
    Ok(handle)
}

fn start(pid: u32) -> Result<IoThread> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = thread::Builder::new()
        .name(NAME.to_owned())
        .spawn(move || {
            ON_IO_THREAD.with(|flag| flag.set(true));
            let runtime = Builder::new_current_thread()
                .enable_all()
                .thread_name("catena-io-lookup")
                .max_blocking_threads(MAX_LOOKUPS)
                .build();
            match runtime {
                Ok(runtime) => {
                    // The receiver waits for this message, so sending fails only if the starting thread panicked.
                    let _ = sender.send(Ok(runtime.handle().clone()));
                    runtime.block_on(std::future::pending::<()>());
                }
                Err(error) => {
                    let _ = sender.send(Err(error));
                }
            }
        })
        .map_err(cannot_start)?;
    match receiver.recv() {
        Ok(Ok(handle)) => Ok(IoThread { handle, pid, thread }),
        Ok(Err(error)) => Err(cannot_start(error)),
        Err(error) => Err(cannot_start(error)),
    }
}

fn cannot_start(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Other, format!("cannot start the I/O thread: {cause}")).with_source(cause)
}

/// A task on another runtime, awaitable on any executor. Dropping it aborts the task.
#[derive(Debug)]
pub(crate) struct Remote<T> {
    task: JoinHandle<Result<T>>,
}

impl<T: Send + 'static> Remote<T> {
    /// Spawns `work` on the runtime of `handle`.
    pub(crate) fn spawn(handle: &Handle, work: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Self { task: handle.spawn(work) }
    }
}

impl<T> Future for Remote<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Awaiting a join handle needs a waker but no runtime.
        match ready!(Pin::new(&mut self.task).poll(cx)) {
            Ok(result) => Poll::Ready(result),
            Err(error) if error.is_panic() => Poll::Ready(Err(Error::new(
                ErrorKind::Other,
                "the transport panicked while it served the request; this is a bug",
            )
            .with_source(error))),
            Err(error) => Poll::Ready(Err(failure::runtime_ended(error))),
        }
    }
}

impl<T> Drop for Remote<T> {
    fn drop(&mut self) {
        // Dropping a join handle alone would let the task run on.
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_serves_all() {
        let first = handle().expect("a handle");
        let second = handle().expect("a handle");
        assert_eq!(first.id(), second.id());
        let name = pollster::block_on(Remote::spawn(&first, async {
            Ok((is_current(), thread::current().name().map(str::to_owned)))
        }));
        assert_eq!(name.expect("no error"), (true, Some(NAME.to_owned())));
    }

    #[test]
    fn blocking_on_the_io_thread_is_an_error() {
        let work = async { crate::blocking::enter().map(drop) };
        let error =
            pollster::block_on(Remote::spawn(&handle().expect("a handle"), work)).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::WouldDeadlock);
    }

    #[test]
    fn a_panic_becomes_an_error() {
        let work = async { if is_current() { panic!("on purpose") } else { Ok(()) } };
        let error =
            pollster::block_on(Remote::spawn(&handle().expect("a handle"), work)).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Other);
    }
}
