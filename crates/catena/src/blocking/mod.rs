//! The same entry points without `async`: `chain.blocking().invoke(..)`, `stream`, `batch`.
//!
//! # Where it may be called
//! These work anywhere, without a panic or deadlock of Catena's own: on a plain thread, inside a tokio runtime of
//! either flavour, in `spawn_blocking`, inside smol or any other executor. The calling thread polls the chain itself
//! and enters no runtime; network I/O runs on a dedicated thread meanwhile.
//!
//! # What to know
//! * Calls block. Inside an `async` function, a call blocks the executor's thread until it returns; in a current-thread
//!   runtime nothing else runs meanwhile. A step of your own that waits for something only that runtime can do (a task
//!   spawned there, its timer) therefore waits forever. Catena's own steps do not.
//! * A step or tool of your own that needs a tokio runtime (reqwest, `tokio::time`, `tokio::spawn`) panics on a thread
//!   that has not entered one, such as that of a plain `main`. Create a multi-thread runtime, which keeps working while
//!   this thread is blocked, and enter it first:
//!
//!   ```
//!   # use catena::prelude::*;
//!   let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
//!   let _guard = runtime.enter();
//!   let wait = lambda(|text: String| async move {
//!       tokio::time::sleep(std::time::Duration::from_millis(1)).await;
//!       Ok(text)
//!   });
//!   assert_eq!(wait.blocking().invoke("Hi")?, "Hi");
//!   # Ok::<(), Box<dyn std::error::Error>>(())
//!   ```
//! * A model call made here is slower than one made with `.await` inside a multi-thread tokio runtime, because its
//!   answer crosses threads. Compared to the latency of a model, the difference is small.
//! * Called on the I/O thread itself, blocking calls return a [`WouldDeadlock`](crate::ErrorKind::WouldDeadlock) error.
//!
//! # Example
//! ```
//! use catena::{fakes::FakeChatModel, prelude::*};
//!
//! let chain = PromptTemplate::new("Name a company that makes {product}.")? | FakeChatModel::new(["Bright Smile"]) | StrOutputParser;
//! assert_eq!(chain.blocking().invoke("toothpaste")?, "Bright Smile");
//! for piece in chain.blocking().stream("socks") {
//!     print!("{}", piece?);
//! }
//! # Ok::<(), catena::Error>(())
//! ```

#[cfg(feature = "chains")]
mod chains;
mod embeddings;

#[cfg(feature = "chains")]
pub use chains::{ChainExt, LlmChainExt};
pub use embeddings::{BlockingEmbeddings, BlockingEmbeddingsExt};

use std::fmt;

use futures_util::{Stream, StreamExt};

use crate::{ChunkStream, Error, EventStream, Result, RunConfig, Runnable, RunnableExt, batch::AsCompleted};

/// Gives every runnable a blocking view.
pub trait BlockingExt: Runnable {
    /// Returns this runnable's blocking view; see [`catena::blocking`](crate::blocking).
    fn blocking(&self) -> Blocking<'_, Self> {
        Blocking { runnable: self }
    }
}

impl<R: Runnable + ?Sized> BlockingExt for R {}

/// A runnable's blocking view: its entry points without `async`. Created by [`BlockingExt::blocking`].
pub struct Blocking<'a, R: ?Sized> {
    runnable: &'a R,
}

impl<'a, R: Runnable + ?Sized> Blocking<'a, R> {
    /// Runs once and returns the complete output. See [`RunnableExt::invoke`].
    pub fn invoke(&self, input: impl Into<R::Input>) -> Result<R::Output> {
        block_on(self.runnable.invoke(input))?
    }

    /// Like [`invoke`](Blocking::invoke), with options.
    pub fn invoke_with(&self, input: impl Into<R::Input>, config: &RunConfig) -> Result<R::Output> {
        block_on(self.runnable.invoke_with(input, config))?
    }

    /// Runs once and returns an iterator over the output's chunks. See [`RunnableExt::stream`]. Dropping the iterator
    /// cancels the run.
    pub fn stream(&self, input: impl Into<R::Input>) -> Iter<ChunkStream<'a, R::Output>> {
        Iter::new(self.runnable.stream(input), Err)
    }

    /// Like [`stream`](Blocking::stream), with options.
    pub fn stream_with(
        &self,
        input: impl Into<R::Input>,
        config: &RunConfig,
    ) -> Iter<ChunkStream<'a, R::Output>> {
        Iter::new(self.runnable.stream_with(input, config), Err)
    }

    /// Runs every input concurrently, and returns the results in the order of the inputs. See [`RunnableExt::batch`].
    pub fn batch<I: Into<R::Input>>(&self, inputs: impl IntoIterator<Item = I>) -> Vec<Result<R::Output>> {
        self.batch_with(inputs, &RunConfig::default())
    }

    /// Like [`batch`](Blocking::batch), with options.
    pub fn batch_with<I: Into<R::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        config: &RunConfig,
    ) -> Vec<Result<R::Output>> {
        let inputs: Vec<R::Input> = inputs.into_iter().map(Into::into).collect();
        let count = inputs.len();
        match block_on(self.runnable.batch_with(inputs, config)) {
            Ok(results) => results,
            Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
        }
    }

    /// Runs every input concurrently, and returns all outputs or the first error. See [`RunnableExt::try_batch`].
    pub fn try_batch<I: Into<R::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> Result<Vec<R::Output>> {
        block_on(self.runnable.try_batch(inputs))?
    }

    /// Like [`try_batch`](Blocking::try_batch), with options.
    pub fn try_batch_with<I: Into<R::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        config: &RunConfig,
    ) -> Result<Vec<R::Output>> {
        block_on(self.runnable.try_batch_with(inputs, config))?
    }

    /// Runs each input of a possibly endless iterator, and yields `(index, result)` in order of completion. Takes
    /// inputs only as they can be run (back-pressure). See [`RunnableExt::batch_stream`].
    pub fn batch_stream<I>(&self, inputs: I, config: &RunConfig) -> Iter<AsCompleted<'a, R::Output>>
    where
        I: IntoIterator<Item: Into<R::Input>, IntoIter: Send + 'a>,
    {
        let inputs = futures_util::stream::iter(inputs);
        Iter::new(self.runnable.batch_stream(inputs, config), |error| (0, Err(error)))
    }

    /// Streams the output for an input that arrives in chunks. See [`RunnableExt::transform_with`].
    pub fn transform_with<I>(&self, chunks: I, config: &RunConfig) -> Iter<ChunkStream<'a, R::Output>>
    where
        I: IntoIterator<Item: Into<R::Input>, IntoIter: Send + 'a>,
    {
        let chunks = futures_util::stream::iter(chunks).map(|chunk| Ok(chunk.into()));
        Iter::new(self.runnable.transform_with(chunks.boxed(), config), Err)
    }

    /// Runs once and yields the events of the run. See [`RunnableExt::stream_events`].
    pub fn stream_events(&self, input: impl Into<R::Input>) -> Iter<EventStream<'a>> {
        self.stream_events_with(input, &RunConfig::default())
    }

    /// Like [`stream_events`](Blocking::stream_events), with options.
    pub fn stream_events_with(
        &self,
        input: impl Into<R::Input>,
        config: &RunConfig,
    ) -> Iter<EventStream<'a>> {
        Iter::new(self.runnable.stream_events_with(input, config), Err)
    }

    /// Runs every input concurrently, and yields `(index, result)` in order of completion. Dropping the iterator
    /// cancels the calls still in flight.
    pub fn batch_as_completed<I: Into<R::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
    ) -> Iter<AsCompleted<'a, R::Output>> {
        self.batch_as_completed_with(inputs, &RunConfig::default())
    }

    /// Like [`batch_as_completed`](Blocking::batch_as_completed), with options.
    pub fn batch_as_completed_with<I: Into<R::Input>>(
        &self,
        inputs: impl IntoIterator<Item = I>,
        config: &RunConfig,
    ) -> Iter<AsCompleted<'a, R::Output>> {
        Iter::new(self.runnable.batch_as_completed_with(inputs, config), |error| (0, Err(error)))
    }
}

impl<R: Runnable + ?Sized> fmt::Debug for Blocking<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blocking({})", self.runnable.name())
    }
}

/// A stream as an iterator: each `next` blocks until the next item is available. Dropping it cancels the work behind
/// it.
pub struct Iter<S: Stream> {
    /// `None` once the stream has ended.
    stream: Option<S>,
    /// Turns an error of blocking itself into an item.
    fail: fn(Error) -> S::Item,
}

impl<S: Stream + Unpin> Iter<S> {
    fn new(stream: S, fail: fn(Error) -> S::Item) -> Self {
        Self { stream: Some(stream), fail }
    }
}

impl<S: Stream + Unpin> Iterator for Iter<S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        let item = match block_on(self.stream.as_mut()?.next()) {
            Ok(Some(item)) => return Some(item),
            Ok(None) => None,
            Err(error) => Some((self.fail)(error)),
        };
        self.stream = None;
        item
    }
}

impl<S: Stream> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("ended", &self.stream.is_none()).finish_non_exhaustive()
    }
}

/// Blocks this thread until the future completes. The future's network I/O runs on the I/O thread.
///
/// # Errors
/// [`WouldDeadlock`](crate::ErrorKind::WouldDeadlock) on the I/O thread itself.
///
/// # Example
/// ```
/// assert_eq!(catena::blocking::block_on(async { 6 * 7 })?, 42);
/// # Ok::<(), catena::Error>(())
/// ```
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    #[cfg(feature = "http")]
    let _scope = catena_http::blocking::enter()?;
    Ok(pollster::block_on(future))
}
