//! Coalesces concurrent identical calls.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::time::Duration;

use catena_core::{Attachment, ChunkStream, Context, Error, ErrorKind, Result};
use futures_util::{FutureExt, Stream};

use crate::cached::tell_of_hit;
use crate::{CacheKey, CacheableAnswer};

/// The calls in flight.
pub(crate) struct Flights<T>(Mutex<HashMap<CacheKey, Weak<Flight<T>>>>);

/// A call in flight. Whichever caller is polled drives it for all of them: no particular caller has to stay, and when
/// the last one is dropped, the call is cancelled. It belongs to the run of the caller that started it until that
/// caller is dropped.
///
/// A retryable error may be due to the limits of that run, which are not those of the other callers. They share another
/// call then, once each: the first of them whose own limits allow a retry starts it.
struct Flight<T> {
    key: CacheKey,
    /// It began under limits of a run.
    is_limited: bool,
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

/// The delay before a retry for which the service asks for none: the first one of the service clients.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest delay that a service may ask for, as for the service clients.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

impl<T: CacheableAnswer> Flights<T> {
    /// Joins the call in flight for this key, or starts one with `start`. The context passed to `start` belongs to the
    /// run `cx` until this caller is dropped.
    pub(crate) fn join<'a>(
        self: &Arc<Self>,
        key: CacheKey,
        cx: Context,
        start: impl FnOnce(Context, Kept) -> ChunkStream<'static, T> + Send + 'a,
    ) -> ChunkStream<'a, T> {
        let mut flights = lock(&self.0);
        let passenger = match underway(&flights, &key) {
            Some(flight) => Passenger::board(flight, cx, None, Some(start)),
            None => self.begin(&mut flights, key, cx, start, None),
        };
        drop(flights);
        Box::pin(passenger)
    }

    /// Like [`join`](Self::join), after a call that failed. `None` if there is no other call and the run allows none.
    fn join_next<S>(
        self: &Arc<Self>,
        key: CacheKey,
        cx: Context,
        start: S,
        error: &Error,
    ) -> Option<Passenger<T, S>>
    where
        S: FnOnce(Context, Kept) -> ChunkStream<'static, T>,
    {
        let pause = pause(error, &cx);
        let mut flights = lock(&self.0);
        if let Some(flight) = underway(&flights, &key) {
            return Some(Passenger::board(flight, cx, None, None));
        }
        let pause = pause.filter(|_| cx.take_retry())?;
        let passenger = self.begin(&mut flights, key, cx, start, Some(pause));
        drop(flights);
        passenger.cx.report_retry(error.attempts() + 1, error);
        Some(passenger)
    }

    fn begin<S>(
        self: &Arc<Self>,
        flights: &mut HashMap<CacheKey, Weak<Flight<T>>>,
        key: CacheKey,
        cx: Context,
        start: S,
        pause: Option<Duration>,
    ) -> Passenger<T, S>
    where
        S: FnOnce(Context, Kept) -> ChunkStream<'static, T>,
    {
        let (work, attachment) = cx.detachable();
        let pause = pause.map(|pause| work.timer().sleep(pause));
        let kept = Kept::default();
        let mut source = start(work, Arc::clone(&kept));
        if let Some(pause) = pause {
            source = Box::pin(pause.map(|()| source).flatten_stream());
        }
        let flight = Arc::new(Flight::new(key, Arc::clone(self), source, kept, cx.limits_retries()));
        flights.insert(key, Arc::downgrade(&flight));
        Passenger::board(flight, cx, Some(attachment), None)
    }
}

fn underway<T>(flights: &HashMap<CacheKey, Weak<Flight<T>>>, key: &CacheKey) -> Option<Arc<Flight<T>>> {
    flights.get(key).and_then(Weak::upgrade)
}

/// Returns the delay before a retry; `None` if it is too long or ends after the run's deadline.
fn pause(error: &Error, cx: &Context) -> Option<Duration> {
    let pause = error.retry_after().unwrap_or(PAUSE);
    let in_time = || cx.deadline().is_none_or(|deadline| cx.timer().now() + pause < deadline);
    (pause <= LONGEST_PAUSE && in_time()).then_some(pause)
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
    fn new(
        key: CacheKey,
        flights: Arc<Flights<T>>,
        source: ChunkStream<'static, T>,
        kept: Kept,
        is_limited: bool,
    ) -> Self {
        let state = State {
            chunks: Vec::new(),
            source: Some(source),
            missed_by: Vec::new(),
            end: None,
            owner: None,
            passengers: 0,
        };
        Self { key, is_limited, flights, state: Mutex::new(state), waiting: Arc::default(), kept }
    }
}

/// A caller of a flight.
struct Passenger<T: CacheableAnswer, S> {
    flight: Arc<Flight<T>>,
    /// Starts a call of its own. Only for a caller that has joined the call of another, for the first time.
    start: Option<S>,
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

/// Nothing in it is pinned.
impl<T: CacheableAnswer, S> Unpin for Passenger<T, S> {}

impl<T: CacheableAnswer, S> Passenger<T, S> {
    fn board(flight: Arc<Flight<T>>, cx: Context, attachment: Option<Attachment>, start: Option<S>) -> Self {
        let mut state = lock(&flight.state);
        let seat = state.passengers;
        state.passengers += 1;
        state.owner.get_or_insert(seat);
        drop(state);
        Self { flight, start, cx, attachment, seat, seen: 0, told: false, done: false }
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

impl<T, S> Passenger<T, S>
where
    T: CacheableAnswer,
    S: FnOnce(Context, Kept) -> ChunkStream<'static, T>,
{
    /// Changes to the next call, unless the error of this one concerns this caller. Returns whether it did.
    fn change(&mut self, error: &Error) -> bool {
        if !self.flight.is_limited || !error.is_retryable() || self.seen > 0 {
            return false;
        }
        let Some(start) = self.start.take() else { return false };
        let Flight { key, flights, .. } = &*self.flight;
        // Whoever drove it may not have come to do so yet.
        flights.land(&self.flight);
        let Some(next) = flights.join_next(*key, self.cx.clone(), start, error) else { return false };
        *self = next;
        true
    }
}

impl<T, S> Stream for Passenger<T, S>
where
    T: CacheableAnswer,
    S: FnOnce(Context, Kept) -> ChunkStream<'static, T>,
{
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<T>>> {
        let this = &mut *self;
        if this.done {
            return Poll::Ready(None);
        }
        loop {
            let flight = Arc::clone(&this.flight);
            let mut state = lock(&flight.state);
            if let Some((known, is_free)) = this.next_known(&mut state) {
                drop(state);
                if matches!(&known, Some(Err(error)) if this.change(error)) {
                    continue;
                }
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

impl<T: CacheableAnswer, S> Drop for Passenger<T, S> {
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
