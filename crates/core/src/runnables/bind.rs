//! Bound call arguments.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::load::Constructor;
use crate::run::step;
use crate::runnable::Shape;
use crate::{Capabilities, ChunkStream, Context, Outline, RedactedArguments, Result, RunKind, Runnable};

/// A runnable with bound call arguments. Created by [`bind`](crate::RunnableExt::bind).
///
/// The runnable reads them from [`Context::arguments`]; a sequence passes them to its first step. Arguments bound
/// further out take precedence. The wrapper opens no run of its own.
///
/// # Example
/// ```
/// use catena_core::{lambda, Context, RunnableExt};
/// # futures_executor::block_on(async {
/// let greet = lambda(|name: String, cx: Context| {
///     let word = cx.arguments().and_then(|arguments| arguments.get("word")?.as_str()).unwrap_or("Hello");
///     format!("{word} {name}")
/// });
/// assert_eq!(greet.bind("word", "Hej").invoke("Ada").await?, "Hej Ada");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "RunnableBinding")]
#[derive(Clone)]
pub struct Bound<R> {
    inner: R,
    arguments: Arc<Map<String, Value>>,
}

impl<R: Runnable> Bound<R> {
    pub(crate) fn new(inner: R, arguments: Map<String, Value>) -> Self {
        Self { inner, arguments: Arc::new(arguments) }
    }
}

/// Redacts the credentials of MCP servers.
impl<R: fmt::Debug> fmt::Debug for Bound<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = RedactedArguments(&self.arguments);
        f.debug_struct("Bound").field("inner", &self.inner).field("arguments", &arguments).finish()
    }
}

#[async_trait]
impl<R: Runnable> Runnable for Bound<R> {
    type Input = R::Input;
    type Output = R::Output;

    async fn call(&self, input: R::Input, cx: &Context) -> Result<R::Output> {
        step::call_here(&self.inner, input, &cx.with_arguments(&self.arguments)).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, R::Input>, cx: Context) -> ChunkStream<'a, R::Output> {
        step::transform_here(&self.inner, input, cx.with_arguments(&self.arguments))
    }

    fn name(&self) -> Cow<'_, str> {
        self.inner.name()
    }

    fn kind(&self) -> RunKind {
        self.inner.kind()
    }

    fn outline(&self) -> Outline {
        let made = Constructor::runnable("RunnableBinding");
        let made = made.with("kwargs", (*self.arguments).clone()).with("config", Map::new());
        // Credentials of MCP servers are not written, so a runnable that has some cannot be saved.
        let made = (!RedactedArguments(&self.arguments).hides_something()).then_some(made);
        Outline::wrapper(self.inner.outline()).with_constructor(made)
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.inner.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [R: Runnable] Bound<R>);
