//! An input stream that can be read again, as long as nothing has come of it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::{Chunk, ChunkStream, Result};

/// Records an input while attempts may still fail, so that the next attempt can read it from the start.
///
/// One reader at a time.
pub(super) struct Replay<'a, T>(Arc<Mutex<State<'a, T>>>);

struct State<'a, T> {
    source: Option<ChunkStream<'a, T>>,
    recorded: Vec<T>,
    recording: bool,
    failed: bool,
}

impl<'a, T: Chunk> Replay<'a, T> {
    pub(super) fn new(source: ChunkStream<'a, T>) -> Self {
        let state = State { source: Some(source), recorded: Vec::new(), recording: true, failed: false };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The input from its start.
    pub(super) fn reader(&self) -> ChunkStream<'a, T> {
        Box::pin(Reader { state: Arc::clone(&self.0), next: 0 })
    }

    /// Forgets what was read: there will be no other attempt.
    pub(super) fn settle(&self) {
        let mut state = lock(&self.0);
        state.recording = false;
        state.recorded = Vec::new();
    }

    /// True when the input itself ended with an error: another attempt would not help.
    pub(super) fn failed(&self) -> bool {
        lock(&self.0).failed
    }
}

struct Reader<'a, T> {
    state: Arc<Mutex<State<'a, T>>>,
    next: usize,
}

impl<T: Chunk> Stream for Reader<'_, T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.next;
        let mut state = lock(&self.state);
        if let Some(chunk) = state.recorded.get(next).cloned() {
            drop(state);
            self.next += 1;
            return Poll::Ready(Some(Ok(chunk)));
        }
        let Some(source) = &mut state.source else { return Poll::Ready(None) };
        let item = ready!(source.as_mut().poll_next(cx));
        match &item {
            Some(Ok(chunk)) if state.recording => state.recorded.push(chunk.clone()),
            Some(Ok(_)) => {}
            other => {
                state.failed = other.is_some();
                state.source = None;
            }
        }
        drop(state);
        self.next += 1;
        Poll::Ready(item)
    }
}

/// A panic of the source leaves what was recorded as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
