//! Type-erased runnables, so that different chains can be stored in one variable.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::runnable::Shape;
use crate::{Capabilities, Chunk, ChunkStream, Context, Outline, Result, RunKind, Runnable};

/// A type-erased runnable from `I` to `O`. Cheap to clone; streams if the runnable it holds does.
///
/// # Example
/// ```
/// use catena_core::{lambda, BoxRunnable, RunnableExt};
///
/// fn pick(loud: bool) -> BoxRunnable<String, String> {
///     if loud { lambda(|s: String| s.to_uppercase()).boxed() } else { lambda(|s: String| s).boxed() }
/// }
/// # futures_executor::block_on(async {
/// assert_eq!(pick(true).invoke("hi").await?, "HI");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct BoxRunnable<I, O>(Arc<dyn Runnable<Input = I, Output = O>>);

impl<I: Chunk, O: Chunk> BoxRunnable<I, O> {
    /// Boxes a runnable.
    pub fn new(runnable: impl Runnable<Input = I, Output = O> + 'static) -> Self {
        Self(Arc::new(runnable))
    }
}

impl<I, O> Clone for BoxRunnable<I, O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I: Chunk, O: Chunk> fmt::Debug for BoxRunnable<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxRunnable({})", self.0.name())
    }
}

#[async_trait]
impl<I: Chunk, O: Chunk> Runnable for BoxRunnable<I, O> {
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, cx: &Context) -> Result<O> {
        self.0.call(input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, O> {
        self.0.transform(input, cx)
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.name()
    }

    fn kind(&self) -> RunKind {
        self.0.kind()
    }

    fn run_metadata(&self) -> Map<String, Value> {
        self.0.run_metadata()
    }

    fn outline(&self) -> Outline {
        self.0.outline()
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.0.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [I: Chunk, O: Chunk] BoxRunnable<I, O>);
