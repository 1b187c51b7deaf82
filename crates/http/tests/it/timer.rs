//! A timer whose time passes when a test says so.

use std::sync::{Arc, Condvar, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use catena_core::{Sleep, Timer};

/// Sleeps end when [`expire`](Self::expire) names their length.
#[derive(Debug, Default)]
pub(crate) struct FakeTimer {
    sleeps: Arc<Mutex<Vec<(Duration, State)>>>,
    started: Condvar,
}

#[derive(Debug, Default, Clone)]
struct State(Arc<Mutex<(bool, Option<Waker>)>>);

impl FakeTimer {
    /// Ends a sleep of this length as soon as somebody has started one.
    pub(crate) fn expire(&self, duration: Duration) {
        let mut sleeps = self.sleeps.lock().unwrap();
        let state = loop {
            // A sleep that nobody holds any more has been dropped.
            sleeps.retain(|(_, state)| Arc::strong_count(&state.0) > 1);
            if let Some((_, state)) = sleeps.iter().find(|(length, _)| *length == duration) {
                break state.clone();
            }
            sleeps = self.started.wait(sleeps).unwrap();
        };
        drop(sleeps);
        let mut state = state.0.lock().unwrap();
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

impl Timer for FakeTimer {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let state = State::default();
        self.sleeps.lock().unwrap().push((duration, state.clone()));
        self.started.notify_all();
        Box::pin(std::future::poll_fn(move |cx| {
            let mut state = state.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(cx.waker().clone());
            Poll::Pending
        }))
    }
}
