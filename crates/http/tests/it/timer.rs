//! A timer whose time passes when a test says so.

use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use catena_core::{Sleep, Timer};

/// Sleeps end when [`expire`](Self::expire) names their length.
#[derive(Debug, Default)]
pub(crate) struct FakeTimer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    expired: Vec<Duration>,
    wakers: Vec<Waker>,
}

impl FakeTimer {
    /// Ends every sleep of this length, those to come included.
    pub(crate) fn expire(&self, length: Duration) {
        let mut state = self.0.lock().unwrap();
        state.expired.push(length);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Timer for FakeTimer {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, length: Duration) -> Sleep {
        let state = Arc::clone(&self.0);
        Box::pin(std::future::poll_fn(move |cx| {
            let mut state = state.lock().unwrap();
            if state.expired.contains(&length) {
                return Poll::Ready(());
            }
            state.wakers.push(cx.waker().clone());
            Poll::Pending
        }))
    }
}
