//! Mapping a runnable over a list.

use std::borrow::Cow;

use async_trait::async_trait;

use super::bounded::join_bounded;
use crate::run::step::{self, Place};
use crate::{Context, Outline, OutlineParts, Result, RunKind, Runnable};

/// A runnable applied concurrently to every element of a list, with the outputs in order. Created by
/// [`map`](crate::RunnableExt::map).
///
/// It gathers its input and emits a single chunk, because the order of the elements is preserved. `max_concurrency`
/// limits the number of elements in flight. The first error cancels the others; its path has the index: `each[3]`.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunnableExt};
/// # futures_executor::block_on(async {
/// let lengths = lambda(|word: String| word.len()).map();
/// assert_eq!(lengths.invoke(vec!["one".to_string(), "three".to_string()]).await?, [3, 5]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RunnableEach<R> {
    inner: R,
}

impl<R: Runnable> RunnableEach<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl<R: Runnable> Runnable for RunnableEach<R> {
    type Input = Vec<R::Input>;
    type Output = Vec<R::Output>;

    async fn call(&self, inputs: Vec<R::Input>, cx: &Context) -> Result<Vec<R::Output>> {
        let calls = inputs.into_iter().enumerate();
        let calls = calls.map(|(index, input)| step::call(&self.inner, input, cx, Place::Each(index)));
        join_bounded(calls, cx.max_concurrency()).await
    }

    fn name(&self) -> Cow<'_, str> {
        format!("RunnableEach<{}>", self.inner.name()).into()
    }

    fn outline(&self) -> Outline {
        Outline::new(self.name(), RunKind::Chain, OutlineParts::Each(Box::new(self.inner.outline())))
            .saved_as("RunnableEach")
    }
}

crate::impl_pipe!(impl [R: Runnable] RunnableEach<R>);
