//! Cancelling runs from outside.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A token that cancels every run whose config holds it. Clones share one state; cancellation is permanent.
///
/// # Example
/// ```
/// use catena_core::{lambda, CancelToken, ErrorKind, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let token = CancelToken::new();
/// token.cancel();
/// let config = RunConfig::new().with_cancel(token);
/// let error = lambda(|x: i64| x).invoke_with(1, &config).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Cancelled);
/// # });
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    /// The wakers of waiting futures, by ticket; a dropped future removes its waker.
    waiting: BTreeMap<u64, Waker>,
    tickets: u64,
}

impl CancelToken {
    /// Creates a token that is not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels all current and future runs that hold the token.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.cancelled = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_values().for_each(Waker::wake);
    }

    /// Returns `true` once `cancel` has been called. Long computations should check it periodically.
    pub fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Returns a future that completes when `cancel` is called.
    pub fn cancelled(&self) -> Cancelled {
        let mut state = self.lock();
        state.tickets += 1;
        let ticket = state.tickets;
        drop(state);
        Cancelled { token: self.clone(), ticket }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The future returned by [`CancelToken::cancelled`].
///
/// # Example
/// ```
/// use catena_core::CancelToken;
/// # futures_executor::block_on(async {
/// let token = CancelToken::new();
/// let cancelled = token.cancelled();
/// token.cancel();
/// cancelled.await;
/// # });
/// ```
#[derive(Debug)]
pub struct Cancelled {
    token: CancelToken,
    ticket: u64,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.token.lock();
        if state.cancelled {
            return Poll::Ready(());
        }
        state.waiting.insert(self.ticket, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Cancelled {
    fn drop(&mut self) {
        self.token.lock().waiting.remove(&self.ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn who_stops_waiting_leaves_nothing_behind() {
        let token = CancelToken::new();
        for _ in 0..100 {
            assert!(token.cancelled().now_or_never().is_none());
        }
        assert!(token.lock().waiting.is_empty());
        let mut cancelled = token.cancelled();
        assert!((&mut cancelled).now_or_never().is_none());
        token.cancel();
        assert!((&mut cancelled).now_or_never().is_some());
        assert!(token.cancelled().now_or_never().is_some());
    }
}
