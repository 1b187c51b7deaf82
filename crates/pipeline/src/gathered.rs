//! A step that waits for its complete input.

use std::borrow::Cow;

use async_trait::async_trait;
use catena_core::{
    ChunkStream, Context, Data, DynRunnable, Outline, Result, RunKind, Runnable, RunnableExt, gather,
};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

/// Collects the input of a step whose typed input cannot be converted from the chunks of a record. It has no run of its
/// own.
struct Gathered(DynRunnable);

pub(crate) fn gathered(inner: DynRunnable) -> DynRunnable {
    Gathered(inner).boxed()
}

#[async_trait]
impl Runnable for Gathered {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &Context) -> Result<Data> {
        self.0.call(input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        let whole = stream::once(gather(input)).filter_map(|whole| std::future::ready(whole.transpose()));
        self.0.transform(whole.boxed(), cx)
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

    fn shape(&self) -> catena_core::Shape {
        self.0.shape()
    }
}
