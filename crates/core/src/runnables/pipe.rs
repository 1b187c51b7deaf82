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

/// Runs one step after the other; what the first gives converts into what the second takes.
///
/// Made by `a | b` or [`pipe`](crate::RunnableExt::pipe). A pipe of pipes is one flat sequence, however it was
/// grouped. Chunks flow through as they come: the pipe streams as far as its steps do.
///
/// # Contract
/// The conversion at the seam must commute with merging: converting chunks one by one and merging gives what
/// converting the merged value gives. All conversions in catena do.
///
/// # Errors
/// Those of the steps, with the position of the step in the path: `seq[1]`.
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
    /// `first`, then `second`.
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
        let middle = step::call_in_sequence(&self.first, input, cx).await;
        let middle = middle.map_err(|error| locate(error, &self.first, 0))?;
        let output = step::call_in_sequence(&self.second, middle.into(), &cx.after_steps(steps)).await;
        output.map_err(|error| locate(error, &self.second, steps))
    }

    fn transform<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        cx: Context,
    ) -> ChunkStream<'a, Self::Output> {
        let asked = Arc::new(AtomicBool::new(false));
        // An error of the first step travels through the second: the mark tells the two apart at the end. It is an address
        // that no other stream has; the pipe's own may be that of a pipe within.
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

    // What is bound to a sequence is for its first step.
    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        self.first.chosen_capabilities(cx)
    }
}

crate::impl_pipe!(impl [A, B] Pipe<A, B> where [A: Runnable, B: Runnable, A::Output: Into<B::Input>]);
