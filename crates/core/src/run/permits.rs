//! A fair semaphore that limits the number of model calls in flight.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A first-come, first-served semaphore. Requires no runtime.
#[derive(Debug)]
pub(crate) struct Permits(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    queue: VecDeque<Arc<Ticket>>,
}

/// A caller waiting in the queue.
#[derive(Debug)]
struct Ticket(Mutex<Turn>);

#[derive(Debug)]
enum Turn {
    Waiting(Waker),
    Granted,
    GivenUp,
}

/// A permit for one call. Dropping it hands the permit to the next caller.
#[derive(Debug)]
#[must_use = "a permit that is dropped at once bounds nothing"]
pub(crate) struct Permit(Arc<Permits>);

impl Permits {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { free: count.max(1), queue: VecDeque::new() })))
    }

    /// Waits for a permit. Dropping the future leaves the queue.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Permit {
        let mut place = None;
        poll_fn(move |cx| {
            let place = match &mut place {
                Some(place) => place,
                None => {
                    let mut state = lock(&self.0);
                    if state.free > 0 {
                        state.free -= 1;
                        return Poll::Ready(Permit(Arc::clone(self)));
                    }
                    let ticket = Arc::new(Ticket(Mutex::new(Turn::Waiting(cx.waker().clone()))));
                    state.queue.push_back(Arc::clone(&ticket));
                    place.insert(Place { permits: Arc::clone(self), ticket })
                }
            };
            let mut turn = lock(&place.ticket.0);
            match &mut *turn {
                Turn::Waiting(waker) => {
                    waker.clone_from(cx.waker());
                    Poll::Pending
                }
                Turn::Granted | Turn::GivenUp => {
                    *turn = Turn::GivenUp;
                    Poll::Ready(Permit(Arc::clone(self)))
                }
            }
        })
        .await
    }

    /// Hands a permit to the first caller still waiting, or keeps it as free.
    fn release(&self) {
        let mut state = lock(&self.0);
        while let Some(ticket) = state.queue.pop_front() {
            let mut turn = lock(&ticket.0);
            if let Turn::Waiting(waker) = &*turn {
                let waker = waker.clone();
                *turn = Turn::Granted;
                drop(turn);
                drop(state);
                waker.wake();
                return;
            }
        }
        state.free += 1;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// A place in the queue. Dropping it passes on a permit that was granted but not taken.
struct Place {
    permits: Arc<Permits>,
    ticket: Arc<Ticket>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let turn = std::mem::replace(&mut *lock(&self.ticket.0), Turn::GivenUp);
        match turn {
            Turn::Granted => self.permits.release(),
            Turn::Waiting(_) => {
                lock(&self.permits.0).queue.retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket));
            }
            Turn::GivenUp => {}
        }
    }
}

/// No code here panics while holding a lock, so the state of a poisoned lock is consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn permits_go_round_in_order_and_none_is_lost() {
        let permits = Permits::new(1);
        let first = permits.acquire().now_or_never().expect("a free permit");
        let mut second = Box::pin(permits.acquire());
        let mut third = Box::pin(permits.acquire());
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        drop(first);
        assert!((&mut third).now_or_never().is_none(), "the second is first in the queue");
        drop(second);
        let third = (&mut third).now_or_never().expect("the second gave up, after it was granted");
        drop(third);
        assert!(permits.acquire().now_or_never().is_some());
        assert!(lock(&permits.0).queue.is_empty());
    }

    #[test]
    fn giving_up_while_waiting_leaves_the_queue() {
        let permits = Permits::new(1);
        let first = permits.acquire().now_or_never().expect("a free permit");
        for _ in 0..100 {
            assert!(permits.acquire().now_or_never().is_none());
        }
        assert!(lock(&permits.0).queue.is_empty());
        drop(first);
    }
}
