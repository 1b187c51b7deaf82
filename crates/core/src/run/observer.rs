//! Who watches runs.

use crate::{RunEvent, RunInfo};

/// Is told of everything that happens in a run and in all it calls.
///
/// # Contract
/// Events of one run come in order: one start, then chunks, then one end, error or cancellation. Observing changes
/// nothing: the same calls are made in the same way. `on_event` is called where the run is polled, so it must be
/// quick and must not block; whatever takes time belongs behind a channel.
///
/// # Errors
/// An observer cannot fail. What it cannot do it drops or records for itself.
///
/// # Cancellation
/// A run that is dropped gives its `Cancelled` event at once, from within the drop.
///
/// # Wrappers
/// [`observe_with`] makes an observer of a closure. `Arc`s of observers go into
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
    /// Takes note of an event.
    fn on_event(&self, event: &RunEvent<'_>);

    /// Is called around every poll of a run's future or stream, and calls `poll` once. For observers that set up
    /// something while a run is at work, such as entering a tracing span.
    fn around_poll(&self, run: &RunInfo, poll: &mut dyn FnMut()) {
        let _ = run;
        poll();
    }
}

/// An observer made of a closure.
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
