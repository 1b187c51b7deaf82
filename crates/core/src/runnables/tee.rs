//! Splitting one stream of chunks for several readers.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

use futures_core::Stream;
use futures_util::stream;

use crate::{Chunk, ChunkStream, Result};

/// Splits a stream: each reader receives every chunk. Chunks are buffered for each reader until it takes them; a
/// dropped reader costs nothing more.
pub(super) fn tee<T: Chunk>(
    source: ChunkStream<'_, T>,
    readers: usize,
) -> impl Iterator<Item = ChunkStream<'_, T>> {
    let shared = Arc::new(Mutex::new(Shared {
        source: Some(source),
        queues: (0..readers).map(|_| Some(VecDeque::new())).collect(),
        wakers: Arc::new(WakeAll(Mutex::new(vec![None; readers]))),
    }));
    (0..readers)
        .map(move |index| Box::pin(Reader { shared: Arc::clone(&shared), index }) as ChunkStream<'_, T>)
}

/// Like [`tee`], for a number of readers known at compile time.
pub(super) fn tee_array<T: Chunk, const N: usize>(source: ChunkStream<'_, T>) -> [ChunkStream<'_, T>; N] {
    let mut readers = tee(source, N);
    std::array::from_fn(|_| readers.next().unwrap_or_else(|| Box::pin(stream::empty())))
}

struct Shared<'a, T> {
    source: Option<ChunkStream<'a, T>>,
    /// The chunks each reader has not taken yet; `None` for a dropped reader.
    queues: Vec<Option<VecDeque<Result<T>>>>,
    wakers: Arc<WakeAll>,
}

/// Wakes every reader: the first one to be polled polls the source for all.
struct WakeAll(Mutex<Vec<Option<Waker>>>);

impl Wake for WakeAll {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers: Vec<Waker> = lock(&self.0).iter_mut().filter_map(Option::take).collect();
        wakers.into_iter().for_each(Waker::wake);
    }
}

struct Reader<'a, T> {
    shared: Arc<Mutex<Shared<'a, T>>>,
    index: usize,
}

impl<T: Chunk> Stream for Reader<'_, T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        lock(&self.shared).poll_reader(self.index, cx)
    }
}

impl<T: Chunk> Shared<'_, T> {
    fn poll_reader(&mut self, index: usize, cx: &Context<'_>) -> Poll<Option<Result<T>>> {
        if let Some(chunk) = self.queues[index].as_mut().and_then(VecDeque::pop_front) {
            return Poll::Ready(Some(chunk));
        }
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        lock(&self.wakers.0)[index] = Some(cx.waker().clone());
        let waker = Waker::from(Arc::clone(&self.wakers));
        let next = ready!(source.as_mut().poll_next(&mut Context::from_waker(&waker)));
        if !matches!(next, Some(Ok(_))) {
            self.source = None;
        }
        for (reader, queue) in self.queues.iter_mut().enumerate() {
            if let Some(queue) = queue
                && reader != index
            {
                queue.extend(next.clone());
            }
        }
        self.wakers.wake_by_ref();
        Poll::Ready(next)
    }
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        lock(&self.shared).queues[self.index] = None;
    }
}

/// A panic in the source leaves the queues unchanged.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
