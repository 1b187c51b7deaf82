//! Two steps in sequence: `a | b`.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use futures_util::StreamExt;

use super::answered::answered;
use crate::run::map_error;
use crate::run::step::{self, locate};
use crate::runnable::Shape;
use crate::{Capabilities, ChunkStream, Context, Outline, Result, Runnable};

/// Two steps in sequence: the output of the first is converted into the input of the second.
///
/// Created by `a | b` or [`pipe`](crate::RunnableExt::pipe). Nested pipes form one flat sequence, however they are
/// grouped. Chunks pass through as they arrive: a pipe streams as far as its steps do.
///
/// # Contract
/// The conversion between the steps must commute with merging: converting chunks individually and merging them gives
/// the same result as converting the merged value. All conversions in catena do.
///
/// # Errors
/// Errors of the steps, with the position of the step in the path: `seq[1]`.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunnableExt};
/// # futures_executor::block_on(async {
/// let chain = lambda(|s: String| s.trim().to_string()) | lambda(|s: String| s.len());
/// assert_eq!(chain.invoke("  four ").await?, 4);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Pipe<A, B> {
    first: A,
    second: B,
}

impl<A, B> Pipe<A, B>
where
    A: Runnable,
    B: Runnable,
    A::Output: Into<B::Input>,
{
    /// Creates a sequence of `first` and `second`.
    pub fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

#[async_trait]
impl<A, B> Runnable for Pipe<A, B>
where
    A: Runnable,
    B: Runnable,
    A::Output: Into<B::Input>,
{
    type Input = A::Input;
    type Output = B::Output;

    async fn call(&self, input: Self::Input, cx: &Context) -> Result<Self::Output> {
        let steps = self.first.shape().steps();
        // Matched rather than mapped: a message is large, and each adapter moves it.
        let middle = match step::call_in_sequence(&self.first, input, cx).await {
            Ok(middle) => middle.into(),
            Err(error) => return Err(locate(error, &self.first, 0)),
        };
        match step::call_in_sequence(&self.second, middle, &cx.after_steps(steps)).await {
            Err(error) => Err(locate(error, &self.second, steps)),
            output => output,
        }
    }

    fn transform<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        cx: Context,
    ) -> ChunkStream<'a, Self::Output> {
        let asked = Arc::new(AtomicBool::new(false));
        // An error of the first step passes through the second; the mark tells the two apart at the end. The mark is an
        // address unique to this stream, whereas the address of the pipe itself may equal that of a nested pipe.
        let mark = Arc::as_ptr(&asked).addr();
        let steps = self.first.shape().steps();
        let rest = cx.after_steps(steps);
        let first = |input| step::transform_in_sequence(&self.first, input, cx);
        let middle = answered(input, Arc::clone(&asked), first).map(move |chunk| match chunk {
            Ok(chunk) => Ok(chunk.into()),
            Err(error) => Err(locate(error, &self.first, 0).with_mark(mark)),
        });
        let output = step::transform_in_sequence(&self.second, Box::pin(middle), rest);
        map_error(output, move |error| {
            let _in_use = &asked;
            match error.take_mark(mark) {
                Ok(of_first) => of_first,
                Err(error) => locate(error, &self.second, steps),
            }
        })
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed("RunnableSequence")
    }

    fn outline(&self) -> Outline {
        Outline::sequence(self.name(), [self.first.outline(), self.second.outline()])
    }

    fn shape(&self) -> Shape {
        Shape::Sequence(self.first.shape().steps() + self.second.shape().steps())
    }

    // Arguments bound to a sequence are for its first step.
    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.first.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [A, B] Pipe<A, B> where [A: Runnable, B: Runnable, A::Output: Into<B::Input>]);
