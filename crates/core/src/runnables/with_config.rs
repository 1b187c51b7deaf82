//! Attached configs.

use std::borrow::Cow;

use async_trait::async_trait;

use crate::load::{Constructor, config_data};
use crate::run::{limit_future, limit_stream, step};
use crate::runnable::Shape;
use crate::{Capabilities, ChunkStream, Context, Outline, Result, RunConfig, RunKind, Runnable};

/// A runnable with an attached config, which is merged under the caller's. Created by
/// [`with_config`](crate::RunnableExt::with_config) and [`with_timeout`](crate::RunnableExt::with_timeout).
///
/// Tags and observers accumulate, and metadata and configurable values merge key by key. Of limits both apply: time
/// limits, admissions, retry budgets and cancellation. For every other option, the caller's value takes precedence. The
/// wrapper opens no run of its own.
///
/// # Example
/// ```
/// use catena_core::{lambda, Context, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let tags = lambda(|_: (), cx: Context| cx.tags().to_vec());
/// let tagged = tags.with_config(RunConfig::new().with_tag("inner"));
/// let config = RunConfig::new().with_tag("outer");
/// assert_eq!(tagged.invoke_with((), &config).await?, ["inner", "outer"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct WithConfig<R> {
    inner: R,
    config: RunConfig,
}

impl<R: Runnable> WithConfig<R> {
    pub(crate) fn new(inner: R, config: RunConfig) -> Self {
        Self { inner, config }
    }

    /// Returns `true` if the attached config can end the run.
    fn limits(&self) -> bool {
        self.config.timeout.is_some() || self.config.cancel.is_some()
    }
}

#[async_trait]
impl<R: Runnable> Runnable for WithConfig<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        let cx = cx.configured(&self.config);
        let call = step::call_here(&self.inner, input, &cx);
        if self.limits() { limit_future(call, &cx).await } else { call.await }
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        let cx = cx.configured(&self.config);
        let chunks = step::transform_here(&self.inner, input, cx.clone());
        if self.limits() { limit_stream(chunks, &cx) } else { chunks }
    }

    fn name(&self) -> Cow<'_, str> {
        self.config.name.as_deref().map_or_else(|| self.inner.name(), Cow::Borrowed)
    }

    fn kind(&self) -> RunKind {
        self.inner.kind()
    }

    fn outline(&self) -> Outline {
        let mut outline = Outline::wrapper(self.inner.outline());
        outline.metadata = self.config.metadata.clone();
        let config = config_data(&self.config);
        outline.with_constructor(
            config.map(|config| Constructor::runnable("RunnableBinding").with("config", config)),
        )
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.inner.chosen_capabilities(&cx.configured(&self.config))
    }
}

crate::impl_pipe!(impl [R: Runnable] WithConfig<R>);
