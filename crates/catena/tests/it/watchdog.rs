//! Turns a test that would hang into one that fails.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// No test takes as long on any machine.
const LIMIT: Duration = Duration::from_secs(20);

/// For what the server is to see: long enough for a busy machine, and over before the watchdog bites.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// Runs a test on a thread of its own; panics if the test does or if it does not come to an end.
#[track_caller]
pub(crate) fn watched(test: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = channel();
    let thread = thread::spawn(move || {
        test();
        // The receiver is gone only if the limit has passed, and then the test has failed.
        let _ = sender.send(());
    });
    match receiver.recv_timeout(LIMIT) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("still running after {LIMIT:?}: a deadlock"),
        Err(RecvTimeoutError::Disconnected) => resume_unwind(thread.join().unwrap_err()),
    }
}
