//! Many callers on a clock that runs as fast as they allow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use catena_core::Timer;
use catena_core::fakes::FakeTimer;
use futures_util::future::{LocalBoxFuture, join_all};

/// Runs all callers to their end, and gives their results and the time it took. The clock moves on by `step` whenever
/// everyone waits.
pub(crate) fn run_all<T>(
    timer: &FakeTimer,
    step: Duration,
    callers: Vec<LocalBoxFuture<'static, T>>,
) -> (Vec<T>, Duration) {
    let start = timer.now();
    let news = Arc::new(News(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&news));
    let mut all = Box::pin(join_all(callers));
    loop {
        while news.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(results) = all.as_mut().poll(&mut Context::from_waker(&waker)) {
                return (results, timer.now() - start);
            }
        }
        assert!(timer.now() - start < Duration::from_secs(3_600), "the callers wait for each other");
        timer.advance(step);
    }
}

/// Set when somebody can go on.
struct News(AtomicBool);

impl Wake for News {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}
