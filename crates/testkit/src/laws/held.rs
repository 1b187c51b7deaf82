//! A runnable whose stream is held back after its first chunk.

use std::marker::PhantomData;

use catena_core::{
    Chunk, ChunkStream, Context, Error, ErrorKind, Result, Runnable, async_trait, gather, impl_pipe,
};
use futures_util::{StreamExt, stream};

use crate::Gate;

/// Yields its first chunk immediately and the others when a [`Gate`] is opened, regardless of its input.
///
/// # Example
/// ```
/// use catena_core::RunnableExt;
/// use catena_testkit::{Gate, laws::Held};
/// use futures_util::StreamExt;
/// # futures_executor::block_on(async {
/// let gate = Gate::new();
/// let held: Held<String, String> = Held::new(["to".to_string(), "ken".to_string()], gate.clone());
/// let mut chunks = held.stream("x");
/// assert_eq!(chunks.next().await.unwrap()?, "to");
/// gate.open();
/// assert_eq!(chunks.next().await.unwrap()?, "ken");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Held<I, O> {
    chunks: Vec<O>,
    gate: Gate,
    input: PhantomData<fn(I)>,
}

impl<I: Chunk, O: Chunk> Held<I, O> {
    /// Creates a runnable that yields these chunks.
    pub fn new(chunks: impl IntoIterator<Item = O>, gate: Gate) -> Self {
        Self { chunks: chunks.into_iter().collect(), gate, input: PhantomData }
    }
}

#[async_trait]
impl<I: Chunk, O: Chunk> Runnable for Held<I, O> {
    type Input = I;
    type Output = O;

    async fn call(&self, _input: I, _cx: &Context) -> Result<O> {
        self.gate.wait().await;
        let whole = gather(stream::iter(self.chunks.iter().cloned().map(Ok)).boxed()).await?;
        whole.or_else(O::empty).ok_or_else(|| Error::new(ErrorKind::Config, "there is no chunk to give"))
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, _cx: Context) -> ChunkStream<'a, O> {
        let answer = async move {
            match gather(input).await {
                Ok(Some(_)) => {}
                Ok(None) => return stream::empty().boxed(),
                Err(error) => return stream::iter([Err(error)]).boxed(),
            }
            let chunks = stream::iter(self.chunks.iter().cloned().enumerate());
            let held = chunks.then(move |(index, chunk)| async move {
                if index > 0 {
                    self.gate.wait().await;
                }
                Ok(chunk)
            });
            held.boxed()
        };
        stream::once(answer).flatten().boxed()
    }
}

impl_pipe!(impl [I: Chunk, O: Chunk] Held<I, O>);
