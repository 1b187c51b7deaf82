//! Functions over streams of chunks as steps.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use crate::run::step;
use crate::{Chunk, ChunkStream, Context, Error, ErrorKind, Result, Runnable, gather};

/// A function over streams of chunks as a step. See [`generator`].
#[doc(alias = "RunnableGenerator")]
pub struct Generator<F, I, O> {
    function: F,
    name: Option<Cow<'static, str>>,
    types: PhantomData<fn(I) -> O>,
}

/// Creates a step from a function that maps a stream of chunks to a stream of chunks, and so can emit output before its
/// input is complete. When called rather than streamed, the step returns the merged chunks.
///
/// # Errors
/// Errors in the function's stream. A call fails with [`InvalidResponse`](crate::ErrorKind::InvalidResponse) if the
/// stream yields no chunk and the output type has no empty value.
///
/// # Cancellation
/// Dropping the output drops the function's stream, which in turn drops its input.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeLlm, generator, ChunkStream, RunnableExt};
/// use futures_util::StreamExt;
/// # futures_executor::block_on(async {
/// fn shout(chunks: ChunkStream<'_, String>) -> ChunkStream<'_, String> {
///     chunks.map(|chunk| Ok(chunk?.to_uppercase())).boxed()
/// }
/// let chain = FakeLlm::streaming(["to", "ken"]) | generator(shout);
/// let chunks: Vec<String> = chain.stream("x").map(|chunk| chunk.unwrap()).collect().await;
/// assert_eq!(chunks, ["TO", "KEN"]);
/// # });
/// ```
pub fn generator<F, I, O>(function: F) -> Generator<F, I, O>
where
    F: for<'a> Fn(ChunkStream<'a, I>) -> ChunkStream<'a, O> + Send + Sync,
    I: Chunk,
    O: Chunk,
{
    Generator { function, name: None, types: PhantomData }
}

impl<F, I, O> Generator<F, I, O> {
    /// Sets the name shown in errors, traces and events. By default, the name of the function, or `RunnableGenerator`
    /// for a closure.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl<F: Clone, I, O> Clone for Generator<F, I, O> {
    fn clone(&self) -> Self {
        Self { function: self.function.clone(), name: self.name.clone(), types: PhantomData }
    }
}

impl<F, I, O> fmt::Debug for Generator<F, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generator({})", self.name.as_deref().unwrap_or(type_name::<F>()))
    }
}

#[async_trait]
impl<F, I, O> Runnable for Generator<F, I, O>
where
    F: for<'a> Fn(ChunkStream<'a, I>) -> ChunkStream<'a, O> + Send + Sync,
    I: Chunk,
    O: Chunk,
{
    type Input = I;
    type Output = O;

    async fn call(&self, input: I, _cx: &Context) -> Result<O> {
        let whole = gather((self.function)(stream::iter([Ok(input)]).boxed())).await?;
        let nothing = || Error::new(ErrorKind::InvalidResponse, "the generator yielded no chunk");
        whole.or_else(O::empty).ok_or_else(nothing)
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, _cx: Context) -> ChunkStream<'a, O> {
        step::lazily(|| (self.function)(input))
    }

    fn name(&self) -> Cow<'_, str> {
        let named = self.name.as_deref().unwrap_or_else(|| match crate::runnable::short_type_name::<F>() {
            name if name.starts_with('{') => "RunnableGenerator",
            name => name,
        });
        Cow::Borrowed(named)
    }
}

impl<F, I, O, Next> std::ops::BitOr<Next> for Generator<F, I, O>
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
