//! Listeners for a runnable's own runs.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::run::step;
use crate::runnable::Shape;
use crate::{
    Capabilities, ChunkStream, Context, Observer, Outline, Result, RunConfig, RunEvent, RunEventKind, RunId,
    RunKind, Runnable,
};

type Listener = Arc<dyn Fn(&RunEvent<'_>) + Send + Sync>;

/// A runnable with a listener, which is called at the start and end of each of its runs, but not of the runs below
/// them. Created by [`with_listener`](crate::RunnableExt::with_listener).
///
/// # Example
/// ```
/// use catena_core::{lambda, RunEventKind, RunnableExt};
/// use std::sync::{Arc, Mutex};
/// # futures_executor::block_on(async {
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let record = Arc::clone(&log);
/// let chain = (lambda(|x: i64| x + 1) | lambda(|x: i64| x * 2)).with_listener(move |event| {
///     let what = if event.kind.is_terminal() { "end" } else { "start" };
///     record.lock().unwrap().push(format!("{what} of {}", event.run.name));
/// });
/// chain.invoke(1).await?;
/// assert_eq!(*log.lock().unwrap(), ["start of RunnableSequence", "end of RunnableSequence"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct WithListener<R> {
    inner: R,
    listener: Listener,
}

impl<R: Runnable> WithListener<R> {
    pub(crate) fn new(inner: R, listener: impl Fn(&RunEvent<'_>) + Send + Sync + 'static) -> Self {
        Self { inner, listener: Arc::new(listener) }
    }

    fn context(&self, cx: &Context) -> Context {
        let first = FirstRun { id: Mutex::default(), listener: Arc::clone(&self.listener) };
        cx.configured(&RunConfig::new().with_observer(first))
    }
}

/// Forwards the start and end of the first run it sees: that of the runnable itself.
struct FirstRun {
    id: Mutex<Option<RunId>>,
    listener: Listener,
}

impl Observer for FirstRun {
    fn on_event(&self, event: &RunEvent<'_>) {
        let first = *self.id.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(event.run.id);
        if first == event.run.id
            && (event.kind.is_terminal() || matches!(event.kind, RunEventKind::Start { .. }))
        {
            (self.listener)(event);
        }
    }
}

impl<R: Runnable> fmt::Debug for WithListener<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WithListener({})", self.inner.name())
    }
}

#[async_trait]
impl<R: Runnable> Runnable for WithListener<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        step::call_here(&self.inner, input, &self.context(cx)).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        step::transform_here(&self.inner, input, self.context(&cx))
    }

    fn name(&self) -> Cow<'_, str> {
        self.inner.name()
    }

    fn kind(&self) -> RunKind {
        self.inner.kind()
    }

    fn outline(&self) -> Outline {
        Outline::wrapper(self.inner.outline())
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.inner.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [R: Runnable] WithListener<R>);
