//! Conditional branches.

use std::fmt;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use crate::run::step::{self, Place};
use crate::{
    BoxRunnable, Chunk, ChunkStream, Context, Outline, OutlineParts, Result, RunKind, Runnable, RunnableExt,
    gather,
};

/// A step that evaluates conditions in order and runs the arm of the first that holds, or the default arm if none does.
///
/// The input is gathered because conditions see the complete value; the selected arm streams its output.
///
/// # Errors
/// Errors of conditions and arms, with their position: `condition[0]`, `branch[1]`. The default arm is numbered after
/// all others.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunnableBranch, RunnableExt};
/// # futures_executor::block_on(async {
/// let sign = RunnableBranch::new(lambda(|_: i64| "zero".to_string()))
///     .with(lambda(|x: i64| x > 0), lambda(|x: i64| format!("plus {x}")))
///     .with(lambda(|x: i64| x < 0), lambda(|x: i64| format!("minus {}", -x)));
/// assert_eq!(sign.invoke(-3).await?, "minus 3");
/// assert_eq!(sign.invoke(0).await?, "zero");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct RunnableBranch<I, O> {
    arms: Vec<(BoxRunnable<I, bool>, BoxRunnable<I, O>)>,
    default: BoxRunnable<I, O>,
}

impl<I: Chunk, O: Chunk> RunnableBranch<I, O> {
    /// Creates a branch that runs `default` if no condition holds.
    pub fn new(default: impl Runnable<Input = I, Output = O> + 'static) -> Self {
        Self { arms: Vec::new(), default: default.boxed() }
    }

    /// Adds an arm, which runs if `condition` holds and no earlier condition does.
    #[must_use]
    pub fn with(
        mut self,
        condition: impl Runnable<Input = I, Output = bool> + 'static,
        arm: impl Runnable<Input = I, Output = O> + 'static,
    ) -> Self {
        self.arms.push((condition.boxed(), arm.boxed()));
        self
    }

    async fn choose(&self, input: &I, cx: &Context) -> Result<(&BoxRunnable<I, O>, Place<'static>)> {
        for (index, (condition, arm)) in self.arms.iter().enumerate() {
            if step::call(condition, input.clone(), cx, Place::Condition(index)).await? {
                return Ok((arm, Place::Arm(index)));
            }
        }
        Ok((&self.default, Place::DefaultArm(self.arms.len())))
    }

    async fn choose_for(&self, input: ChunkStream<'_, I>, cx: &Context) -> Result<Option<Chosen<'_, I, O>>> {
        let Some(input) = gather(input).await? else { return Ok(None) };
        let (arm, place) = self.choose(&input, cx).await?;
        Ok(Some((arm, place, input)))
    }
}

/// An arm, its position, and its input.
type Chosen<'a, I, O> = (&'a BoxRunnable<I, O>, Place<'static>, I);

impl<I, O> Clone for RunnableBranch<I, O> {
    fn clone(&self) -> Self {
        Self { arms: self.arms.clone(), default: self.default.clone() }
    }
}

impl<I: Chunk, O: Chunk> fmt::Debug for RunnableBranch<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnableBranch").field("arms", &self.arms).field("default", &self.default).finish()
    }
}

#[async_trait]
impl<I: Chunk, O: Chunk> Runnable for RunnableBranch<I, O> {
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, cx: &Context) -> Result<O> {
        let (arm, place) = self.choose(&input, cx).await?;
        step::call(arm, input, cx, place).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, O> {
        let chosen = async move {
            match self.choose_for(input, &cx).await {
                Ok(Some((arm, place, input))) => {
                    step::transform(arm, stream::iter([Ok(input)]).boxed(), &cx, place)
                }
                Ok(None) => stream::empty().boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(chosen).flatten().boxed()
    }

    fn outline(&self) -> Outline {
        let arms = self.arms.iter().map(|(condition, arm)| (condition.outline(), arm.outline())).collect();
        let parts = OutlineParts::Branch { arms, default: Box::new(self.default.outline()) };
        Outline::new(self.name(), RunKind::Chain, parts).saved_as("RunnableBranch")
    }
}

crate::impl_pipe!(impl [I: Chunk, O: Chunk] RunnableBranch<I, O>);
