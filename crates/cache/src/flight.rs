//! One call for all who ask the same at the same time.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};

use catena_core::{ChunkStream, Error, ErrorKind, Result};
use futures_util::Stream;

use crate::{CacheKey, CacheableAnswer};

/// The calls that are under way.
pub(crate) struct Flights<T>(Mutex<HashMap<CacheKey, Weak<Flight<T>>>>);

/// A call under way. Whoever is polled drives it on for all: nobody has to stay for the others to get their answer, and
/// when the last one leaves, the call ends with it.
struct Flight<T> {
    key: CacheKey,
    flights: Arc<Flights<T>>,
    state: Mutex<State<T>>,
    waiting: Arc<Waiting>,
}

struct State<T> {
    chunks: Vec<T>,
    /// Absent while somebody polls it, and after its end.
    source: Option<ChunkStream<'static, T>>,
    end: Option<Result<(), Error>>,
    /// Whose answer it is; the others get a copy.
    owner: Option<usize>,
    passengers: usize,
}

/// The tasks to wake when there is news.
#[derive(Default)]
struct Waiting(Mutex<HashMap<usize, Waker>>);

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiting = std::mem::take(&mut *lock(&self.0));
        waiting.into_values().for_each(Waker::wake);
    }
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: CacheableAnswer> Flights<T> {
    /// The answer of the call under way for this key, or of the one that `start` makes.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: CacheKey,
        start: impl FnOnce() -> ChunkStream<'static, T>,
    ) -> ChunkStream<'static, T> {
        let mut flights = lock(&self.0);
        let flight = flights.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let flight = Arc::new(Flight::new(key, Arc::clone(self), start()));
            flights.insert(key, Arc::downgrade(&flight));
            flight
        });
        drop(flights);
        Box::pin(Passenger::board(flight))
    }
}

impl<T> Flights<T> {
    /// Lets later callers make a call of their own.
    fn land(&self, flight: &Flight<T>) {
        let mut flights = lock(&self.0);
        if flights.get(&flight.key).is_some_and(|known| std::ptr::eq(known.as_ptr(), flight)) {
            flights.remove(&flight.key);
        }
    }
}

impl<T> Flight<T> {
    fn new(key: CacheKey, flights: Arc<Flights<T>>, source: ChunkStream<'static, T>) -> Self {
        let state = State { chunks: Vec::new(), source: Some(source), end: None, owner: None, passengers: 0 };
        Self { key, flights, state: Mutex::new(state), waiting: Arc::default() }
    }
}

/// One caller on a flight.
struct Passenger<T: CacheableAnswer> {
    flight: Arc<Flight<T>>,
    seat: usize,
    /// How many chunks it has had.
    seen: usize,
    done: bool,
}

impl<T: CacheableAnswer> Passenger<T> {
    fn board(flight: Arc<Flight<T>>) -> Self {
        let mut state = lock(&flight.state);
        let seat = state.passengers;
        state.passengers += 1;
        state.owner.get_or_insert(seat);
        drop(state);
        Self { flight, seat, seen: 0, done: false }
    }

    /// What is there for this passenger without driving on.
    fn next_known(&mut self, state: &mut State<T>) -> Option<Option<Result<T>>> {
        if let Some(chunk) = state.chunks.get(self.seen) {
            self.seen += 1;
            return Some(Some(Ok(chunk.clone())));
        }
        let end = state.end.clone()?;
        self.done = true;
        let is_copy = *state.owner.get_or_insert(self.seat) != self.seat;
        Some(match end {
            Err(error) => Some(Err(error)),
            Ok(()) if is_copy => T::cached_mark().map(Ok),
            Ok(()) => None,
        })
    }
}

impl<T: CacheableAnswer> Stream for Passenger<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = &mut *self;
        if this.done {
            return Poll::Ready(None);
        }
        let flight = Arc::clone(&this.flight);
        loop {
            let mut state = lock(&flight.state);
            if let Some(known) = this.next_known(&mut state) {
                return Poll::Ready(known);
            }
            lock(&flight.waiting.0).insert(this.seat, task.waker().clone());
            let Some(source) = state.source.take() else { return Poll::Pending };
            drop(state);
            if flight.drive(source).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl<T: CacheableAnswer> Flight<T> {
    /// Polls the call once, without holding the lock: it may take its time, or join another flight.
    fn drive(&self, mut source: ChunkStream<'static, T>) -> Poll<()> {
        let waker = Waker::from(Arc::clone(&self.waiting));
        let _crash = Crash(self);
        let news = source.as_mut().poll_next(&mut Context::from_waker(&waker));
        let mut state = lock(&self.state);
        match news {
            Poll::Pending => {
                state.source = Some(source);
                return Poll::Pending;
            }
            Poll::Ready(Some(Ok(chunk))) => {
                state.chunks.push(chunk);
                state.source = Some(source);
            }
            Poll::Ready(Some(Err(error))) => state.end = Some(Err(error)),
            Poll::Ready(None) => state.end = Some(Ok(())),
        }
        let ended = state.end.is_some();
        drop(state);
        if ended {
            self.flights.land(self);
        }
        self.waiting.wake_by_ref();
        Poll::Ready(())
    }
}

impl<T: CacheableAnswer> Drop for Passenger<T> {
    fn drop(&mut self) {
        lock(&self.flight.waiting.0).remove(&self.seat);
        let mut state = lock(&self.flight.state);
        // The answer is somebody else's now, if there is anybody else. One that was read to its end stays paid for.
        if state.owner == Some(self.seat) && !self.done {
            state.owner = None;
        }
        drop(state);
        // It may have been the one that drove on.
        self.flight.waiting.wake_by_ref();
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        self.flights.land(self);
    }
}

/// Ends the call for all if the model panics: they would wait for ever.
struct Crash<'a, T>(&'a Flight<T>);

impl<T> Drop for Crash<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error =
                Error::new(ErrorKind::Other, "the model panicked in a call that another caller shared");
            lock(&self.0.state).end = Some(Err(error));
            self.0.waiting.wake_by_ref();
        }
    }
}

/// Nothing panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
