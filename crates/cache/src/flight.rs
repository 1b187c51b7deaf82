//! Coalesces concurrent identical calls.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context as Task, Poll, Wake, Waker};

use catena_core::{Attachment, ChunkStream, Context, Error, ErrorKind, Result};
use futures_util::Stream;

use crate::cached::tell_of_hit;
use crate::{CacheKey, CacheableAnswer};

/// The calls in flight.
pub(crate) struct Flights<T>(Mutex<HashMap<CacheKey, Weak<Flight<T>>>>);

/// A call in flight. Whichever caller is polled drives it for all of them: no particular caller has to stay, and when
/// the last one is dropped, the call is cancelled. It belongs to the run of the caller that started it until that
/// caller is dropped.
struct Flight<T> {
    key: CacheKey,
    flights: Arc<Flights<T>>,
    state: Mutex<State<T>>,
    waiting: Arc<Waiting>,
    kept: Kept,
}

/// Set if the answer of a flight turns out to be cached.
pub(crate) type Kept = Arc<AtomicBool>;

struct State<T> {
    chunks: Vec<T>,
    /// `None` while it is being polled, and after its end.
    source: Option<ChunkStream<'static, T>>,
    /// The seats of callers that wanted to poll it in the meantime.
    missed_by: Vec<usize>,
    end: Option<Result<(), Error>>,
    /// The caller that is charged for the answer; the others get a copy.
    owner: Option<usize>,
    passengers: usize,
}

/// The tasks to wake on progress.
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

impl Waiting {
    fn wake_some(&self, seats: &[usize]) {
        let wakers: Vec<_> = {
            let mut waiting = lock(&self.0);
            seats.iter().filter_map(|seat| waiting.remove(seat)).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: CacheableAnswer> Flights<T> {
    /// Joins the call in flight for this key, or starts one with `start`. The context passed to `start` belongs to the
    /// run `cx` until this caller is dropped.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: CacheKey,
        cx: Context,
        start: impl FnOnce(Context, Kept) -> ChunkStream<'static, T>,
    ) -> ChunkStream<'static, T> {
        let mut flights = lock(&self.0);
        let (flight, attachment) = match flights.get(&key).and_then(Weak::upgrade) {
            Some(flight) => (flight, None),
            None => {
                let (work, attachment) = cx.detachable();
                let kept = Kept::default();
                let source = start(work, Arc::clone(&kept));
                let flight = Arc::new(Flight::new(key, Arc::clone(self), source, kept));
                flights.insert(key, Arc::downgrade(&flight));
                (flight, Some(attachment))
            }
        };
        drop(flights);
        Box::pin(Passenger::board(flight, cx, attachment))
    }
}

impl<T> Flights<T> {
    /// Makes later callers start a new call.
    fn land(&self, flight: &Flight<T>) {
        let mut flights = lock(&self.0);
        if flights.get(&flight.key).is_some_and(|known| std::ptr::eq(known.as_ptr(), flight)) {
            flights.remove(&flight.key);
        }
    }
}

impl<T> Flight<T> {
    fn new(key: CacheKey, flights: Arc<Flights<T>>, source: ChunkStream<'static, T>, kept: Kept) -> Self {
        let state = State {
            chunks: Vec::new(),
            source: Some(source),
            missed_by: Vec::new(),
            end: None,
            owner: None,
            passengers: 0,
        };
        Self { key, flights, state: Mutex::new(state), waiting: Arc::default(), kept }
    }
}

/// A caller of a flight.
struct Passenger<T: CacheableAnswer> {
    flight: Arc<Flight<T>>,
    /// The caller's own run.
    cx: Context,
    /// Only for the caller that started the call: ties the call to its run.
    attachment: Option<Attachment>,
    seat: usize,
    /// Number of chunks received.
    seen: usize,
    /// Whether its run was told that the answer was not paid for.
    told: bool,
    done: bool,
}

impl<T: CacheableAnswer> Passenger<T> {
    fn board(flight: Arc<Flight<T>>, cx: Context, attachment: Option<Attachment>) -> Self {
        let mut state = lock(&flight.state);
        let seat = state.passengers;
        state.passengers += 1;
        state.owner.get_or_insert(seat);
        drop(state);
        Self { flight, cx, attachment, seat, seen: 0, told: false, done: false }
    }

    /// Returns the next item for this caller that is available without polling the call, and whether it was free of
    /// charge.
    fn next_known(&mut self, state: &mut State<T>) -> Option<(Option<Result<T>>, bool)> {
        if let Some(chunk) = state.chunks.get(self.seen) {
            self.seen += 1;
            return Some((Some(Ok(chunk.clone())), self.flight.kept.load(Ordering::Acquire)));
        }
        let end = state.end.clone()?;
        self.done = true;
        let is_copy = *state.owner.get_or_insert(self.seat) != self.seat;
        Some(match end {
            Err(error) => (Some(Err(error)), false),
            Ok(()) if is_copy => (T::cached_mark().map(Ok), true),
            Ok(()) => (None, false),
        })
    }

    /// Tells the run, once, that the answer was not paid for.
    fn tell(&mut self) {
        if !std::mem::replace(&mut self.told, true) {
            self.cx.report_no_usage();
            tell_of_hit(&self.flight.key, &self.cx);
        }
    }
}

impl<T: CacheableAnswer> Stream for Passenger<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<T>>> {
        let this = &mut *self;
        if this.done {
            return Poll::Ready(None);
        }
        let flight = Arc::clone(&this.flight);
        loop {
            let mut state = lock(&flight.state);
            if let Some((known, is_free)) = this.next_known(&mut state) {
                drop(state);
                if is_free {
                    this.tell();
                }
                return Poll::Ready(known);
            }
            lock(&flight.waiting.0).insert(this.seat, task.waker().clone());
            let Some(source) = state.source.take() else {
                state.missed_by.push(this.seat);
                return Poll::Pending;
            };
            drop(state);
            if flight.drive(source).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl<T: CacheableAnswer> Flight<T> {
    /// Polls the call once. The lock is not held meanwhile, because this may take long, or join another flight.
    fn drive(&self, mut source: ChunkStream<'static, T>) -> Poll<()> {
        let waker = Waker::from(Arc::clone(&self.waiting));
        let _crash = Crash(self);
        let news = source.as_mut().poll_next(&mut Task::from_waker(&waker));
        let mut state = lock(&self.state);
        match news {
            Poll::Pending => {
                state.source = Some(source);
                let missed_by = std::mem::take(&mut state.missed_by);
                drop(state);
                // The call may have woken this flight before these callers registered their wakers, and may not do so
                // again. No others are woken, or two callers would keep waking each other.
                self.waiting.wake_some(&missed_by);
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
        // First of all: the call must not continue under the limits of a run that is gone.
        self.attachment = None;
        lock(&self.flight.waiting.0).remove(&self.seat);
        let mut state = lock(&self.flight.state);
        // Ownership of the answer passes to another caller, if there is one. Not so if this caller read it to the end,
        // or has already received its usage: then its run has been charged.
        let is_counted = || state.chunks[..self.seen].iter().any(|chunk| chunk.usage().is_some());
        if state.owner == Some(self.seat) && !self.done && !is_counted() {
            state.owner = None;
        }
        drop(state);
        // This may have been the caller that drove the call.
        self.flight.waiting.wake_by_ref();
    }
}

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        self.flights.land(self);
    }
}

/// Ends the call for all callers if the model panics; otherwise they would wait forever.
struct Crash<'a, T>(&'a Flight<T>);

impl<T> Drop for Crash<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error =
                Error::new(ErrorKind::Other, "the model panicked in a call shared with another caller");
            lock(&self.0.state).end = Some(Err(error));
            self.0.waiting.wake_by_ref();
        }
    }
}

/// Locks a mutex; no code panics while holding it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
