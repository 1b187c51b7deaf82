//! A stream produced by an async block, which may own what the stream borrows from.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::{StreamExt, stream};

use crate::{ChunkStream, Result};

/// The slot into which the block of an [`owning_stream`] puts one item at a time.
pub struct Slot<T>(Arc<Mutex<Option<Result<T>>>>);

impl<T> Slot<T> {
    /// Puts an item and waits until it is taken.
    pub async fn put(&self, item: Result<T>) {
        *lock(&self.0) = Some(item);
        // The block is polled again only after the item was taken.
        poll_fn(|_| if lock(&self.0).is_some() { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    /// Puts every item of a stream.
    pub async fn put_all(&self, mut items: ChunkStream<'_, T>) {
        while let Some(item) = items.next().await {
            self.put(item).await;
        }
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

/// Creates a stream of the items that the block puts into its slot. For wrappers whose stream outlives what it borrows
/// from: the block may own it. An application that needs a `'static` stream of a runnable calls
/// [`into_stream`](crate::RunnableExt::into_stream).
///
/// # Cancellation
/// Dropping the stream drops the block.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeLlm, owning_stream, ChunkStream, Context, LanguageModel};
/// use futures_util::StreamExt;
/// use std::sync::Arc;
///
/// /// The model's chunks, and then a full stop.
/// fn with_full_stop(model: Arc<FakeLlm>, cx: Context) -> ChunkStream<'static, String> {
///     owning_stream(move |slot| async move {
///         slot.put_all(model.generate_stream("Hi".into(), cx)).await;
///         slot.put(Ok(".".to_owned())).await;
///     })
/// }
/// # futures_executor::block_on(async {
/// let chunks = with_full_stop(Arc::new(FakeLlm::new(["Hello you"])), Context::default());
/// let chunks: Vec<_> = chunks.map(|chunk| chunk.unwrap()).collect().await;
/// assert_eq!(chunks, ["Hello ", "you", "."]);
/// # });
/// ```
pub fn owning_stream<'a, T, F, Fut>(block: F) -> ChunkStream<'a, T>
where
    T: Send + 'a,
    F: FnOnce(Slot<T>) -> Fut,
    Fut: Future<Output = ()> + Send + 'a,
{
    let slot = Arc::new(Mutex::new(None));
    let mut block = Some(Box::pin(block(Slot(Arc::clone(&slot)))));
    Box::pin(stream::poll_fn(move |task| {
        let Some(running) = &mut block else { return Poll::Ready(None) };
        let progress = running.as_mut().poll(task);
        if progress.is_ready() {
            block = None;
        }
        match lock(&slot).take() {
            Some(item) => Poll::Ready(Some(item)),
            None => progress.map(|()| None),
        }
    }))
}

/// No code panics while holding the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
