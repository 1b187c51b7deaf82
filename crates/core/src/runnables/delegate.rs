//! Functions that return the runnable to continue with.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;

use crate::run::owning_stream;
use crate::run::step::{self, Place};
use crate::{BoxRunnable, Chunk, ChunkStream, Context, Error, ErrorKind, Result, Runnable, gather};

/// A step whose function returns the runnable to continue with. See [`delegate`].
pub struct Delegate<F, I, O> {
    function: F,
    name: Option<Cow<'static, str>>,
    types: PhantomData<fn(I) -> O>,
}

/// Creates a step from a function that inspects the input and returns the runnable to call with it, which may itself be
/// such a step.
///
/// The input is gathered for the function; the returned runnable streams.
///
/// # Errors
/// Errors of the function and of the returned runnable. [`RecursionLimit`](crate::ErrorKind::RecursionLimit) if such
/// steps return runnables in succession more often than the run's recursion limit allows, 25 times by default.
///
/// # Example
/// ```
/// use catena_core::{delegate, lambda, RunnableExt};
/// # futures_executor::block_on(async {
/// let absolute = delegate(|x: &i64, _| Ok(match *x {
///     0.. => lambda(|x: i64| x).boxed(),
///     _ => lambda(|x: i64| -x).boxed(),
/// }));
/// assert_eq!(absolute.invoke(-5).await?, 5);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub fn delegate<F, I, O>(function: F) -> Delegate<F, I, O>
where
    F: Fn(&I, &Context) -> Result<BoxRunnable<I, O>> + Send + Sync,
    I: Chunk,
    O: Chunk,
{
    Delegate { function, name: None, types: PhantomData }
}

impl<F, I, O> Delegate<F, I, O> {
    /// Sets the name shown in errors, traces and events. By default, the name of the function, or `RunnableLambda` for
    /// a closure.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<F, I: Chunk, O: Chunk> Delegate<F, I, O>
where
    F: Fn(&I, &Context) -> Result<BoxRunnable<I, O>> + Send + Sync,
{
    /// Returns the runnable to call and the context to call it in.
    fn next(&self, input: &I, cx: &Context) -> Result<(BoxRunnable<I, O>, Context)> {
        let next = (self.function)(input, cx)?;
        match cx.recursion_limit().checked_sub(1) {
            Some(limit) => Ok((next, cx.with_recursion_limit(limit))),
            None => Err(Error::new(
                ErrorKind::RecursionLimit,
                "functions returned runnables more often than the recursion limit allows (`RunConfig::recursion_limit`)",
            )),
        }
    }
}

impl<F: Clone, I, O> Clone for Delegate<F, I, O> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), name: self.name.clone(), types: PhantomData }
    }
}

impl<F, I, O> fmt::Debug for Delegate<F, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delegate").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl<F, I: Chunk, O: Chunk> Runnable for Delegate<F, I, O>
where
    F: Fn(&I, &Context) -> Result<BoxRunnable<I, O>> + Send + Sync,
{
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, cx: &Context) -> Result<O> {
        let (next, cx) = self.next(&input, cx)?;
        step::call(&next, input, &cx, Place::Plain).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, O> {
        owning_stream(move |slot| async move {
            let input = match gather(input).await {
                Ok(Some(input)) => input,
                Ok(None) => return,
                Err(error) => return slot.put(Err(error)).await,
            };
            match self.next(&input, &cx) {
                Ok((next, cx)) => {
                    slot.put_all(step::transform(&next, step::whole(input), &cx, Place::Plain)).await;
                }
                Err(error) => slot.put(Err(error)).await,
            }
        })
    }

    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.name.as_deref().unwrap_or_else(|| super::lambda::function_name::<F>()))
    }
}

impl<F, I, O, Next> std::ops::BitOr<Next> for Delegate<F, I, O>
where
    Self: Runnable<Output = O>,
    O: Into<Next::Input>,
    Next: Runnable,
{
    type Output = crate::Pipe<Self, Next>;

    fn bitor(self, next: Next) -> Self::Output {
        crate::Pipe::new(self, next)
    }
}
