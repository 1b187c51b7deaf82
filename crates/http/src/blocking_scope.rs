//! Scopes that mark a thread as blocked on a future, so that network I/O does not depend on that thread.

use std::cell::Cell;
use std::marker::PhantomData;

use catena_core::{Error, ErrorKind, Result};

use crate::io_thread;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Marks the current thread as blocking: while it is alive, requests polled on this thread are served by the I/O
/// thread.
///
/// Scopes nest. A scope belongs to the thread that entered it and cannot be sent to another. Drop it to leave the
/// scope. See [`enter`].
#[derive(Debug)]
#[must_use = "the scope ends when this value is dropped"]
pub struct BlockingScope {
    /// Not `Send`: the scope is counted in a thread-local.
    _not_send: PhantomData<*const ()>,
}

impl Drop for BlockingScope {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

/// Enters a blocking scope on this thread.
///
/// Do this before blocking on a future that sends requests, on any thread: a plain one, a runtime's worker, or a thread
/// of another executor. Without the scope, a request polled on a runtime's worker is served by that runtime, and if
/// every worker blocks this way, none is left to serve it.
///
/// The decision is made per request, when it is first polled; a request started before the scope is not moved.
///
/// # Errors
/// [`ErrorKind::WouldDeadlock`] on the I/O thread itself, which would wait for its own work.
///
/// # Example
/// ```
/// # fn main() -> catena_core::Result<()> {
/// let answer = {
///     let _scope = catena_http::blocking::enter()?;
///     pollster::block_on(async { 42 }) // requests in here go through the I/O thread
/// };
/// assert_eq!(answer, 42);
/// # Ok(())
/// # }
/// ```
pub fn enter() -> Result<BlockingScope> {
    if io_thread::is_current() {
        return Err(Error::new(
            ErrorKind::WouldDeadlock,
            "a blocking call was made on the I/O thread, which would wait for itself; \
             make the call from another thread or use the async form",
        ));
    }
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    Ok(BlockingScope { _not_send: PhantomData })
}

/// Returns true while this thread is in a blocking scope.
pub(crate) fn is_active() -> bool {
    DEPTH.with(Cell::get) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_nest_and_belong_to_one_thread() {
        assert!(!is_active());
        let outer = enter().expect("a scope");
        let inner = enter().expect("a nested scope");
        assert!(!std::thread::spawn(is_active).join().expect("no panic"));
        drop(outer);
        assert!(is_active(), "the inner scope still lives");
        drop(inner);
        assert!(!is_active());
    }
}
