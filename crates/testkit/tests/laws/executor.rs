//! An executor that notices when nobody is going to wake a future.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    /// How often the executor has polled.
    static TURN: Cell<usize> = const { Cell::new(0) };
}

/// Waits for so many turns of the executor. Being polled more often in one turn changes nothing.
pub(crate) async fn turns(turns: usize) {
    let end = TURN.get() + turns;
    poll_fn(|task| {
        if TURN.get() >= end {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a future that waits for nothing outside of itself. Panics when it waits and nobody has promised to wake it: a
/// real executor would wait for ever.
#[track_caller]
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    while woken.0.swap(false, Ordering::SeqCst) {
        TURN.set(TURN.get() + 1);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
    }
    panic!("it waits, and nobody will wake it");
}
