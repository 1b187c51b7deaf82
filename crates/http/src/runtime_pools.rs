//! One connection pool per tokio runtime, dropped when the runtime shuts down.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Executor, Sleep, Timer};
use hyper_util::rt::TokioTimer;
use pin_project::pin_project;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

/// Values of type `T`, one per runtime.
///
/// A connection is driven by a task of the runtime that opened it and dies with that runtime, so runtimes must not
/// share connections. To drop a runtime's value when it shuts down, a task on it that never completes holds a guard: a
/// runtime drops its tasks on shutdown.
pub(crate) struct RuntimePools<T>(Arc<Pools<T>>);

/// There are few runtimes in a process, so comparing is cheaper than hashing.
type Pools<T> = Mutex<Vec<Pool<T>>>;

struct Pool<T> {
    id: Id,
    value: T,
    /// Dropped with the pool, which ends the guard task if the runtime is still alive.
    _guard: oneshot::Sender<()>,
}

impl<T: Clone + Send + 'static> RuntimePools<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Returns the value for a runtime, creating it with `make` if necessary.
    pub(crate) fn get(&self, runtime: &Handle, make: impl FnOnce() -> T) -> T {
        let id = runtime.id();
        let (value, dropped) = {
            let mut pools = lock(&self.0);
            if let Some(pool) = pools.iter().find(|pool| pool.id == id) {
                return pool.value.clone();
            }
            let (guard, dropped) = oneshot::channel();
            let value = make();
            pools.push(Pool { id, value: value.clone(), _guard: guard });
            (value, dropped)
        };
        // Only after the lock is released: a runtime that is shutting down drops the task immediately, which takes the
        // lock.
        let forget = Forget { pools: Arc::downgrade(&self.0), id };
        drop(runtime.spawn(async move {
            let _forget = forget;
            // An error means that the pool is gone, which is what this waits for.
            let _ = dropped.await;
        }));
        value
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl<T> fmt::Debug for RuntimePools<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuntimePools({})", lock(&self.0).len())
    }
}

fn lock<T>(pools: &Pools<T>) -> MutexGuard<'_, Vec<Pool<T>>> {
    // No code panics while holding the lock and leaves the list inconsistent.
    pools.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes a runtime's pool when it is dropped.
struct Forget<T> {
    pools: Weak<Pools<T>>,
    id: Id,
}

impl<T> Drop for Forget<T> {
    fn drop(&mut self) {
        let Some(pools) = self.pools.upgrade() else { return };
        let pool = lock(&pools).extract_if(.., |pool| pool.id == self.id).next();
        // Closing connections runs foreign code, so not under the lock.
        drop(pool);
    }
}

/// A runtime as the executor and timer of a pool. It needs no ambient context, so a pool can be used and dropped on
/// threads outside the runtime.
#[derive(Debug, Clone)]
pub(crate) struct OnRuntime(pub(crate) Handle);

impl<F> Executor<F> for OnRuntime
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        drop(self.0.spawn(task));
    }
}

impl Timer for OnRuntime {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        let _context = self.0.enter();
        TokioTimer::new().sleep(duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let _context = self.0.enter();
        TokioTimer::new().sleep_until(deadline)
    }

    fn now(&self) -> Instant {
        TokioTimer::new().now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        TokioTimer::new().reset(sleep, deadline);
    }
}

/// A future that is always polled within the context of a runtime, even if it has been moved to another thread.
#[pin_project]
#[derive(Debug)]
pub(crate) struct InRuntime<F> {
    #[pin]
    future: F,
    runtime: Handle,
}

impl<F> InRuntime<F> {
    pub(crate) fn new(future: F, runtime: Handle) -> Self {
        Self { future, runtime }
    }
}

impl<F: Future> Future for InRuntime<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _context = this.runtime.enter();
        this.future.poll(cx)
    }
}
