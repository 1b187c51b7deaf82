//! Runnables as steps of chains whose types are known only at run time.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::answered::answered;
use super::settled::{is_replaceable, settled};
use crate::runnable::Shape;
use crate::{BoxRunnable, Chunk, ChunkStream, Context, Data, FromData, Outline, Result, RunKind, Runnable};

/// A step of a dynamic chain.
pub type DynRunnable = BoxRunnable<Data, Data>;

/// Converts its input with `read` and its output to [`Data`]. A mere conversion: it opens no run of its own.
pub(super) struct ToData<R: Runnable, I> {
    inner: R,
    read: fn(I) -> Result<R::Input>,
    /// Drops the chunks that would be superseded once they are read.
    settle: for<'a> fn(ChunkStream<'a, I>) -> ChunkStream<'a, I>,
}

impl<R: Runnable> ToData<R, Data>
where
    R::Input: FromData,
{
    /// Wraps a runnable so that it reads dynamic input.
    pub(super) fn dynamic(inner: R) -> Self {
        // Chunks that replace each other as dynamic values may accumulate as values of the type.
        let adds_up = R::Input::empty().is_some() && TypeId::of::<R::Input>() != TypeId::of::<Data>();
        Self { inner, read: FromData::from_data, settle: if adds_up { settle } else { |input| input } }
    }
}

impl<R: Runnable> ToData<R, R::Input> {
    /// Wraps a runnable that takes its input unchanged.
    pub(super) fn typed(inner: R) -> Self {
        Self { inner, read: Ok, settle: |input| input }
    }
}

fn settle(input: ChunkStream<'_, Data>) -> ChunkStream<'_, Data> {
    settled(input, is_replaceable)
}

impl<R: Runnable, I> fmt::Debug for ToData<R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToData({})", self.inner.name())
    }
}

#[async_trait]
impl<R, I> Runnable for ToData<R, I>
where
    R: Runnable,
    R::Output: Into<Data>,
    I: Chunk,
{
    type Input = I;
    type Output = Data;

    async fn call(&self, input: I, cx: &Context) -> Result<Data> {
        self.inner.call((self.read)(input)?, cx).await.map(Into::into)
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, Data> {
        let input = (self.settle)(input).map(|chunk| chunk.and_then(self.read));
        let output = answered(Box::pin(input), Arc::default(), |input| self.inner.transform(input, cx));
        Box::pin(output.map(|chunk| chunk.map(Into::into)))
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

    fn shape(&self) -> Shape {
        self.inner.shape()
    }
}

/// Converts a runnable into a step of a dynamic chain.
pub(crate) fn to_dynamic<R>(runnable: R) -> DynRunnable
where
    R: Runnable + 'static,
    R::Input: FromData,
    R::Output: Into<Data>,
{
    BoxRunnable::new(ToData::dynamic(runnable))
}
