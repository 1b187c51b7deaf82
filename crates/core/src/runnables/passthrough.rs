//! A step that passes its input through.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream;

use crate::chunk::merge_option;
use crate::{Chunk, ChunkStream, Context, Outline, OutlineParts, Result, RunKind, Runnable};

type Tap<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// A step that passes its input through, chunk by chunk. An optional tap sees the complete value.
///
/// # Example
/// ```
/// use catena_core::{Data, RunnableExt, RunnableParallel, RunnablePassthrough, lambda};
/// # futures_executor::block_on(async {
/// let both = RunnableParallel::new()
///     .with("question", RunnablePassthrough::new())
///     .with("length", lambda(|question: String| question.len()));
/// let both = both.invoke("Why?").await?;
/// assert_eq!((both.get("question"), both.get("length")), (Some(&Data::from("Why?")), Some(&Data::from(4))));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct RunnablePassthrough<T> {
    tap: Option<Tap<T>>,
}

impl<T: Chunk> RunnablePassthrough<T> {
    /// Creates a step that passes its input through.
    pub fn new() -> Self {
        Self { tap: None }
    }

    /// Calls `tap` with the complete input; when streaming, after the last chunk has passed.
    #[must_use]
    pub fn with_tap(mut self, tap: impl Fn(&T) + Send + Sync + 'static) -> Self {
        self.tap = Some(Arc::new(tap));
        self
    }
}

impl<T: Chunk> Default for RunnablePassthrough<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for RunnablePassthrough<T> {
    fn clone(&self) -> Self {
        Self { tap: self.tap.clone() }
    }
}

impl<T> fmt::Debug for RunnablePassthrough<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnablePassthrough").field("tapped", &self.tap.is_some()).finish()
    }
}

#[async_trait]
impl<T: Chunk> Runnable for RunnablePassthrough<T> {
    type Input = T;
    type Output = T;

    async fn call(&self, input: T, _cx: &Context) -> Result<T> {
        if let Some(tap) = &self.tap {
            tap(&input);
        }
        Ok(input)
    }

    fn transform<'a>(&'a self, mut input: ChunkStream<'a, T>, _cx: Context) -> ChunkStream<'a, T> {
        let Some(tap) = &self.tap else { return input };
        let mut whole = None;
        Box::pin(stream::poll_fn(move |task| {
            let next = std::task::ready!(input.as_mut().poll_next(task));
            match &next {
                Some(Ok(chunk)) => merge_option(&mut whole, chunk.clone()),
                Some(Err(_)) => whole = None,
                None => whole.take().iter().for_each(|whole| tap(whole)),
            }
            std::task::Poll::Ready(next)
        }))
    }

    fn outline(&self) -> Outline {
        let outline = Outline::new(self.name(), RunKind::Chain, OutlineParts::Passthrough);
        if self.tap.is_some() { outline } else { outline.saved_as("RunnablePassthrough") }
    }
}

crate::impl_pipe!(impl [T: Chunk] RunnablePassthrough<T>);
