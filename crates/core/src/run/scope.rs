//! The lifetime of an observed run: opened once, and ended exactly once.

use crate::chunk::merge_option;
use crate::{Chunk, Context, Error, ErrorKind, Payload, Result, RunEventKind};

/// An open run. If dropped before it has ended, it reports that the run was cancelled.
pub(crate) struct Scope<O: Chunk> {
    cx: Context,
    /// The output so far.
    output: Option<O>,
    open: bool,
}

impl<O: Chunk> Scope<O> {
    pub(super) fn start<I: Chunk>(cx: Context, input: Option<&I>) -> Self {
        cx.notify(RunEventKind::Start { input: input.map(Payload::new) });
        Self { cx, output: None, open: true }
    }

    /// Polls the run inside its observers' `around_poll`.
    pub(crate) fn poll<T>(&self, poll: impl FnOnce() -> T) -> T {
        self.cx.poll_watched(poll)
    }

    /// Reports a chunk of output, if `report` is set, and accumulates it.
    pub(crate) fn chunk(&mut self, chunk: &O, report: bool) {
        if report {
            self.cx.notify(RunEventKind::Chunk(Payload::new(chunk)));
        }
        merge_option(&mut self.output, chunk.clone());
    }

    /// Reports how a call ended.
    pub(crate) fn finish<I: Chunk>(mut self, input: Option<&I>, result: &Result<O>) {
        match result {
            Ok(output) => self.end(input, Some(output)),
            Err(error) => self.error(error),
        }
    }

    /// Reports that a stream is complete.
    pub(crate) fn complete<I: Chunk>(&mut self, input: Option<&I>) {
        let output = self.output.take();
        self.end(input, output.as_ref());
    }

    fn end<I: Chunk>(&mut self, input: Option<&I>, output: Option<&O>) {
        self.open = false;
        self.cx
            .notify(RunEventKind::End { input: input.map(Payload::new), output: output.map(Payload::new) });
    }

    /// Reports that the run failed. A run cancelled from outside is reported as cancelled, not as failed.
    pub(crate) fn error(&mut self, error: &Error) {
        self.open = false;
        let partial = self.output.as_ref().map(Payload::new);
        self.cx.notify(match error.kind() {
            ErrorKind::Cancelled => RunEventKind::Cancelled { partial },
            _ => RunEventKind::Error { error, partial },
        });
    }
}

impl<O: Chunk> Drop for Scope<O> {
    fn drop(&mut self) {
        if self.open {
            self.cx.notify(RunEventKind::Cancelled { partial: self.output.as_ref().map(Payload::new) });
        }
    }
}
