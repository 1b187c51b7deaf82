//! Manual polling: a limited number of times, or until there is no more progress.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::Stream;

/// Yields to all other tasks.
pub(super) async fn pause() {
    let mut paused = false;
    poll_fn(|task| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future at most this many times, then drops it. `None` if it did not complete.
pub(super) async fn poll_future<F: Future>(future: F, mut polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|task| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        match future.as_mut().poll(task) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // That was the last poll, so there is nothing to wait for.
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Polls a stream at most this many times, then drops it. True if `last` returned true for an item, or if the stream
/// ended.
pub(super) async fn poll_stream<S: Stream>(
    stream: S,
    mut polls: usize,
    last: impl Fn(&S::Item) -> bool,
) -> bool {
    let mut stream = pin!(stream);
    poll_fn(|task| {
        while polls > 0 {
            polls -= 1;
            match stream.as_mut().poll_next(task) {
                Poll::Ready(Some(item)) if !last(&item) => {}
                Poll::Ready(_) => return Poll::Ready(true),
                Poll::Pending if polls == 0 => break,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(false)
    })
    .await
}

/// Polls a stream as long as it wakes itself, and returns its next item if it yields one.
pub(super) fn next_at_once<S: Stream + ?Sized>(mut stream: Pin<&mut S>) -> Poll<Option<S::Item>> {
    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&woken));
    while woken.0.swap(false, Ordering::SeqCst) {
        if let Poll::Ready(item) = stream.as_mut().poll_next(&mut Context::from_waker(&waker)) {
            return Poll::Ready(item);
        }
    }
    Poll::Pending
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
