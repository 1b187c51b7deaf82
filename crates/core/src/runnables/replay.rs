//! An input stream that can be re-read until output has been delivered.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::{Chunk, ChunkStream, Result};

/// Records an input as long as an attempt may fail, so that the next attempt can read it from the start.
///
/// Supports one reader at a time.
pub(super) struct Replay<'a, T>(Arc<Mutex<State<'a, T>>>);

struct State<'a, T> {
    source: Option<ChunkStream<'a, T>>,
    /// The chunks read; once settled, those the reader has not taken yet.
    recorded: VecDeque<T>,
    recording: bool,
    failed: bool,
}

impl<'a, T: Chunk> Replay<'a, T> {
    pub(super) fn new(source: ChunkStream<'a, T>) -> Self {
        let state = State { source: Some(source), recorded: VecDeque::new(), recording: true, failed: false };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Returns the input from its start.
    pub(super) fn reader(&self) -> ChunkStream<'a, T> {
        Box::pin(Reader { state: Arc::clone(&self.0), next: 0 })
    }

    /// Stops recording because there will be no further attempt: chunks that the reader has passed are discarded.
    pub(super) fn settle(&self) {
        lock(&self.0).recording = false;
    }

    /// Returns `true` if the input itself ended with an error, in which case another attempt would not help.
    pub(super) fn failed(&self) -> bool {
        lock(&self.0).failed
    }
}

struct Reader<'a, T> {
    state: Arc<Mutex<State<'a, T>>>,
    /// The number of recorded chunks it has passed.
    next: usize,
}

impl<T: Chunk> Reader<'_, T> {
    /// Returns the next recorded chunk, if any.
    fn recorded(&mut self) -> Option<T> {
        let mut state = lock(&self.state);
        if !state.recording {
            state.recorded.drain(..self.next);
            self.next = 0;
            return state.recorded.pop_front();
        }
        let chunk = state.recorded.get(self.next).cloned()?;
        self.next += 1;
        Some(chunk)
    }
}

impl<T: Chunk> Stream for Reader<'_, T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(chunk) = self.recorded() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        let mut state = lock(&self.state);
        let Some(source) = &mut state.source else { return Poll::Ready(None) };
        let item = ready!(source.as_mut().poll_next(cx));
        match &item {
            Some(Ok(chunk)) if state.recording => {
                state.recorded.push_back(chunk.clone());
                drop(state);
                self.next += 1;
            }
            Some(Ok(_)) => {}
            other => {
                state.failed = other.is_some();
                state.source = None;
            }
        }
        Poll::Ready(item)
    }
}

/// A panic in the source leaves the recorded chunks unchanged.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
