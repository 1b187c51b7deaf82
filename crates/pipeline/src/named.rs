//! A step with a custom name.

use std::borrow::Cow;

use async_trait::async_trait;
use catena_core::{ChunkStream, Context, Data, DynRunnable, Outline, Result, RunKind, Runnable, RunnableExt};
use serde_json::{Map, Value};

/// A runnable with the name given in a pipeline.
struct Named {
    inner: DynRunnable,
    name: String,
}

/// Renames the runnable, if a name is given.
pub(crate) fn named(inner: DynRunnable, name: Option<&str>) -> DynRunnable {
    match name {
        Some(name) => Named { inner, name: name.to_owned() }.boxed(),
        None => inner,
    }
}

#[async_trait]
impl Runnable for Named {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &Context) -> Result<Data> {
        self.inner.call(input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        self.inner.transform(input, cx)
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }

    fn kind(&self) -> RunKind {
        self.inner.kind()
    }

    fn run_metadata(&self) -> Map<String, Value> {
        self.inner.run_metadata()
    }

    fn outline(&self) -> Outline {
        let mut outline = self.inner.outline();
        outline.name.clone_from(&self.name);
        outline
    }

    fn shape(&self) -> catena_core::Shape {
        self.inner.shape()
    }
}
