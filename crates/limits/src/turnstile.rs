//! A fair queue in front of a rule that decides who may pass, and when.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use catena_core::{Sleep, Timer};

/// Decides who may pass a [`Turnstile`].
pub(crate) trait Rule {
    /// What the decision about a caller is based on.
    type Demand: Copy;
    /// What a caller receives on passing.
    type Ticket;

    /// Admits and records the caller, or says when to ask again.
    fn pass(&mut self, demand: Self::Demand, now: Instant) -> Turn<Self::Ticket>;
}

/// The decision of a [`Rule`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Turn<T> {
    Passed(T),
    After(Duration),
    /// Ask again when the rule changes.
    Later,
}

/// A FIFO queue: only its head is put to the rule. Runtime-agnostic.
#[derive(Debug)]
pub(crate) struct Turnstile<R>(Mutex<State<R>>);

#[derive(Debug)]
struct State<R> {
    rule: R,
    queue: BTreeMap<u64, Waker>,
    next: u64,
}

impl<R: Rule> Turnstile<R> {
    pub(crate) fn new(rule: R) -> Self {
        Self(Mutex::new(State { rule, queue: BTreeMap::new(), next: 0 }))
    }

    /// Waits to be admitted. Dropping the future leaves the queue.
    pub(crate) async fn pass(&self, demand: R::Demand, timer: &dyn Timer) -> R::Ticket {
        let mut caller = Caller { turnstile: self, place: None };
        // Kept for its wake-up only; whether the wait is over is read from the clock.
        let mut sleep: Option<Sleep> = None;
        poll_fn(|task| match caller.ask(demand, timer.now(), task) {
            Turn::Passed(ticket) => Poll::Ready(ticket),
            Turn::Later => {
                sleep = None;
                Poll::Pending
            }
            Turn::After(wait) => {
                let mut next = timer.sleep(wait);
                if next.as_mut().poll(task).is_ready() {
                    task.waker().wake_by_ref();
                }
                sleep = Some(next);
                Poll::Pending
            }
        })
        .await
    }

    /// Changes the rule, given the number of waiting callers, and wakes the head of the queue.
    pub(crate) fn change(&self, change: impl FnOnce(&mut R, usize)) {
        let mut state = self.lock();
        let waiting = state.queue.len();
        change(&mut state.rule, waiting);
        state.wake_first();
    }

    /// Reads the rule and the number of waiting callers.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&R, usize) -> T) -> T {
        let state = self.lock();
        look(&state.rule, state.queue.len())
    }

    /// Locks the state; no code panics while holding the lock.
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn wake_first(&self) {
        if let Some((_, waker)) = self.queue.first_key_value() {
            waker.wake_by_ref();
        }
    }
}

/// A caller and, once it is queued, its place.
struct Caller<'a, R: Rule> {
    turnstile: &'a Turnstile<R>,
    place: Option<u64>,
}

impl<R: Rule> Caller<'_, R> {
    fn ask(&mut self, demand: R::Demand, now: Instant, task: &Context<'_>) -> Turn<R::Ticket> {
        let mut state = self.turnstile.lock();
        let first = state.queue.first_key_value().map(|(&place, _)| place);
        let turn =
            if first.is_none() || first == self.place { state.rule.pass(demand, now) } else { Turn::Later };
        if let Turn::Passed(_) = turn {
            self.leave(&mut state);
            return turn;
        }
        let next = state.next;
        let place = *self.place.get_or_insert(next);
        state.next = state.next.max(place + 1);
        state.queue.insert(place, task.waker().clone());
        turn
    }

    fn leave(&mut self, state: &mut State<R>) {
        if let Some(place) = self.place.take() {
            state.queue.remove(&place);
        }
        state.wake_first();
    }
}

impl<R: Rule> Drop for Caller<'_, R> {
    fn drop(&mut self) {
        if self.place.is_some() {
            let turnstile = self.turnstile;
            self.leave(&mut turnstile.lock());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use catena_core::fakes::FakeTimer;
    use futures_util::FutureExt;

    use super::*;

    /// Lets so many pass, then one every second.
    #[derive(Debug)]
    struct Budgeted(u32, Option<Instant>);

    impl Rule for Budgeted {
        type Demand = ();
        type Ticket = ();

        fn pass(&mut self, (): (), now: Instant) -> Turn<()> {
            if self.0 > 0 {
                self.0 -= 1;
                self.1 = Some(now + Duration::from_secs(1));
                return Turn::Passed(());
            }
            match self.1 {
                Some(next) if next > now => Turn::After(next - now),
                Some(_) => {
                    self.1 = Some(now + Duration::from_secs(1));
                    Turn::Passed(())
                }
                None => Turn::Later,
            }
        }
    }

    #[test]
    fn callers_pass_in_the_order_they_came() {
        let (turnstile, timer) = (Turnstile::new(Budgeted(1, None)), FakeTimer::new());
        let passed = RefCell::new(Vec::new());
        let caller = |name: u32| {
            let (turnstile, timer, passed) = (&turnstile, &timer, &passed);
            let call = async move {
                turnstile.pass((), timer).await;
                passed.borrow_mut().push(name);
            };
            Box::pin(call.fuse())
        };
        let mut callers: Vec<_> = (0..5).map(caller).collect();
        for caller in &mut callers {
            let _ = caller.now_or_never();
        }
        assert_eq!(*passed.borrow(), [0]);
        // One in the middle leaves; nobody else loses a turn.
        drop(callers.remove(2));
        for _ in 0..3 {
            timer.advance(Duration::from_secs(1));
            for caller in callers.iter_mut().rev() {
                let _ = caller.now_or_never();
            }
        }
        assert_eq!(*passed.borrow(), [0, 1, 3, 4]);
    }
}
