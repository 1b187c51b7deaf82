//! Observers of runs.

use crate::{RunEvent, RunInfo};

/// A receiver of the events of a run and of all runs below it.
///
/// # Contract
/// The events of one run arrive in order: one start, then chunks, then one end, error or cancellation. Observation has
/// no effect on execution: the same calls are made in the same way. `on_event` is called where the run is polled, so it
/// must be fast and must not block; move slow work behind a channel.
///
/// # Errors
/// An observer cannot fail. It drops or records its own errors.
///
/// # Cancellation
/// A dropped run emits its `Cancelled` event immediately, from within the drop.
///
/// # Wrappers
/// [`observe_with`] turns a closure into an observer. `Arc`s of observers go into
/// [`RunConfig::observers`](crate::RunConfig::observers).
///
/// # Example
/// ```
/// use catena_core::{lambda, Observer, RunConfig, RunEvent, RunnableExt};
/// use std::sync::{atomic::{AtomicUsize, Ordering}, Arc};
///
/// #[derive(Clone, Default)]
/// struct Count(Arc<AtomicUsize>);
///
/// impl Observer for Count {
///     fn on_event(&self, event: &RunEvent<'_>) {
///         self.0.fetch_add(usize::from(event.kind.is_terminal()), Ordering::Relaxed);
///     }
/// }
///
/// # futures_executor::block_on(async {
/// let runs = Count::default();
/// let chain = lambda(|x: i64| x + 1) | lambda(|x: i64| x * 2);
/// chain.invoke_with(1, &RunConfig::new().with_observer(runs.clone())).await?;
/// assert_eq!(runs.0.load(Ordering::Relaxed), 3); // the sequence and its two steps
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub trait Observer: Send + Sync {
    /// Handles an event.
    fn on_event(&self, event: &RunEvent<'_>);

    /// Wraps every poll of a run's future or stream; it must call `poll` exactly once. For observers that establish a
    /// context while a run executes, such as entering a tracing span.
    fn around_poll(&self, run: &RunInfo, poll: &mut dyn FnMut()) {
        let _ = run;
        poll();
    }
}

/// Creates an observer from a closure.
///
/// # Example
/// See [`Payload`](crate::Payload).
pub fn observe_with<F>(on_event: F) -> impl Observer + 'static
where
    F: Fn(&RunEvent<'_>) + Send + Sync + 'static,
{
    struct Closure<F>(F);

    impl<F: Fn(&RunEvent<'_>) + Send + Sync> Observer for Closure<F> {
        fn on_event(&self, event: &RunEvent<'_>) {
            (self.0)(event);
        }
    }

    Closure(on_event)
}
