//! Observes what happens inside a chain.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};

use catena_core::{
    ChunkStream, Context, LanguageModel, Outline, PromptValue, Result, RunKind, Runnable, async_trait,
    impl_pipe,
};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

/// Records every call of what it watches, and how many are in progress. Clones share the record.
///
/// # Example
/// ```
/// use catena_core::{RunnableExt, lambda};
/// use catena_testkit::laws::{Mode, Probe};
/// # futures_executor::block_on(async {
/// let probe = Probe::new();
/// let double = probe.watch(lambda(|x: i64| 2 * x).with_name("double"));
/// assert_eq!(double.invoke(4).await?, 8);
/// assert_eq!((probe.entered(), probe.peak(), probe.inside()), (1, 1, 0));
/// assert_eq!((probe.calls()[0].name.as_str(), probe.calls()[0].mode), ("double", Mode::Call));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Probe(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    inside: usize,
    peak: usize,
    calls: Vec<ProbedCall>,
}

/// A call recorded by a [`Probe`].
///
/// # Example
/// See [`Probe`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ProbedCall {
    /// The name of what was called.
    pub name: String,
    /// How it was called.
    pub mode: Mode,
}

/// The mode of a call.
///
/// # Example
/// See [`Probe`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// For the complete output.
    Call,
    /// For a stream.
    Stream,
}

/// Marks a call as in progress until dropped.
///
/// # Example
/// ```
/// use catena_testkit::laws::{Mode, Probe};
/// let probe = Probe::new();
/// let inside = probe.enter("download", Mode::Call);
/// assert_eq!(probe.inside(), 1);
/// drop(inside);
/// assert_eq!(probe.inside(), 0);
/// ```
#[derive(Debug)]
#[must_use = "who is dropped at once is not at work"]
pub struct Inside(Probe);

impl Probe {
    /// Creates a probe with an empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches a runnable.
    pub fn watch<R: Runnable>(&self, runnable: R) -> Watched<R> {
        Watched { inner: runnable, probe: self.clone() }
    }

    /// Watches a model, which counts as in progress only while it is answering, not while it waits to be admitted.
    pub fn watch_model<M: LanguageModel>(&self, model: M) -> WatchedModel<M> {
        WatchedModel { inner: model, probe: self.clone() }
    }

    /// Records a call, for custom code.
    pub fn enter(&self, name: impl Into<String>, mode: Mode) -> Inside {
        let mut notes = self.lock();
        notes.calls.push(ProbedCall { name: name.into(), mode });
        notes.inside += 1;
        notes.peak = notes.peak.max(notes.inside);
        Inside(self.clone())
    }

    /// Returns the number of calls in progress.
    pub fn inside(&self) -> usize {
        self.lock().inside
    }

    /// Returns the maximum number of concurrent calls so far.
    pub fn peak(&self) -> usize {
        self.lock().peak
    }

    /// Returns the number of calls so far.
    pub fn entered(&self) -> usize {
        self.lock().calls.len()
    }

    /// Returns the calls so far, in order.
    pub fn calls(&self) -> Vec<ProbedCall> {
        self.lock().calls.clone()
    }

    /// Locks the record; no code panics while holding the lock.
    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.lock().inside -= 1;
    }
}

/// A runnable watched by a [`Probe`]. Created by [`Probe::watch`].
///
/// # Example
/// See [`Probe`].
#[derive(Debug, Clone)]
pub struct Watched<R> {
    inner: R,
    probe: Probe,
}

#[async_trait]
impl<R: Runnable> Runnable for Watched<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        let _inside = self.probe.enter(self.inner.name(), Mode::Call);
        self.inner.call(input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        let visit = Visit::new(&self.probe, self.inner.name());
        let arrived = visit.clone();
        // Like a run, the work starts with the first chunk of input.
        let input = input.inspect(move |chunk| arrived.begin_if(chunk.is_ok()));
        visit.during(self.inner.transform(input.boxed(), cx))
    }

    fn name(&self) -> Cow<'_, str> {
        self.inner.name()
    }

    fn kind(&self) -> RunKind {
        self.inner.kind()
    }

    fn run_metadata(&self) -> Map<String, Value> {
        self.inner.run_metadata()
    }

    fn outline(&self) -> Outline {
        self.inner.outline()
    }
}

impl_pipe!(impl [R: Runnable] Watched<R>);

/// A language model watched by a [`Probe`]. Created by [`Probe::watch_model`].
///
/// # Example
/// See [`Laws`](super::Laws).
#[derive(Debug, Clone)]
pub struct WatchedModel<M> {
    inner: M,
    probe: Probe,
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for WatchedModel<M> {
    type Output = M::Output;

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<M::Output> {
        let _inside = self.probe.enter(self.inner.display_name(), Mode::Call);
        self.inner.generate(prompt, cx).await
    }

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, M::Output> {
        let visit = Visit::new(&self.probe, self.inner.display_name());
        let mut answer = self.inner.generate_stream(prompt, cx);
        let asked = visit.clone();
        let answer = stream::poll_fn(move |task| {
            asked.begin_if(true);
            answer.as_mut().poll_next(task)
        });
        visit.during(answer.boxed())
    }

    fn provider(&self) -> Option<&str> {
        self.inner.provider()
    }

    fn model_id(&self) -> Option<&str> {
        self.inner.model_id()
    }

    fn display_name(&self) -> Cow<'_, str> {
        self.inner.display_name()
    }
}

impl_pipe!(impl [M: LanguageModel] WatchedModel<M>);

/// The time in which a stream is in progress. Clones share its state.
#[derive(Clone)]
struct Visit(Arc<Mutex<VisitState>>);

enum VisitState {
    Ahead(Probe, String),
    Inside { _inside: Inside },
    Over,
}

impl Visit {
    fn new(probe: &Probe, name: Cow<'_, str>) -> Self {
        Self(Arc::new(Mutex::new(VisitState::Ahead(probe.clone(), name.into_owned()))))
    }

    fn begin_if(&self, begins: bool) {
        let mut state = self.lock();
        if begins && let VisitState::Ahead(probe, name) = &*state {
            let inside = probe.enter(name, Mode::Stream);
            *state = VisitState::Inside { _inside: inside };
        }
    }

    /// Wraps the stream, which is in progress from its first item at the latest until it ends or is dropped.
    fn during<'a, T: Send + 'a>(self, chunks: ChunkStream<'a, T>) -> ChunkStream<'a, T> {
        let mut running = Some((chunks, Leaving(self)));
        Box::pin(stream::poll_fn(move |task| {
            let Some((chunks, visit)) = &mut running else { return Poll::Ready(None) };
            let next = ready!(chunks.as_mut().poll_next(task));
            visit.0.begin_if(matches!(next, Some(Ok(_))));
            if next.is_none() {
                running = None;
            }
            Poll::Ready(next)
        }))
    }

    /// Locks the state; no code panics while holding the lock.
    fn lock(&self) -> MutexGuard<'_, VisitState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a visit on drop.
struct Leaving(Visit);

impl Drop for Leaving {
    fn drop(&mut self) {
        *self.0.lock() = VisitState::Over;
    }
}
