//! Time limits on futures and bodies, on any executor: they are polled by the caller and use the client's timer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Error, Result, Sleep, Timer};
use futures_core::Stream;
use pin_project::pin_project;

use crate::failure;

/// A limit with the words of its error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) duration: Duration,
    what: &'static str,
    setting: &'static str,
}

impl Limit {
    pub(crate) fn connect(duration: Duration) -> Self {
        Self { duration, what: "connect timeout: no connection to", setting: "with_connect_timeout" }
    }

    pub(crate) fn first_byte(duration: Duration) -> Self {
        Self { duration, what: "first byte timeout: no answer from", setting: "with_first_byte_timeout" }
    }

    pub(crate) fn idle(duration: Duration) -> Self {
        Self { duration, what: "idle timeout: nothing more arrived from", setting: "with_idle_timeout" }
    }

    pub(crate) fn total(duration: Duration) -> Self {
        Self { duration, what: "total timeout: no complete answer from", setting: "with_total_timeout" }
    }

    pub(crate) fn error(&self, server: &str) -> Error {
        failure::timed_out(self.what, server, self.duration, self.setting)
    }
}

/// A future that must complete before a sleep does; else it yields `None`.
#[pin_project]
#[derive(Debug)]
pub(crate) struct Timeout<F, S> {
    #[pin]
    future: F,
    #[pin]
    sleep: S,
}

impl<F, S> Timeout<F, S> {
    pub(crate) fn new(future: F, sleep: S) -> Self {
        Self { future, sleep }
    }
}

impl<F: Future, S: Future<Output = ()>> Future for Timeout<F, S> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        this.sleep.poll(cx).map(|()| None)
    }
}

/// The sleep that runs from the start of a call to the end of its body.
pub(crate) struct TotalSleep(Option<Sleep>);

impl TotalSleep {
    pub(crate) fn start(timer: &dyn Timer, limit: Option<Limit>) -> Self {
        Self(limit.map(|limit| timer.sleep(limit.duration)))
    }
}

impl Future for TotalSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// A body that must yield a frame within the idle limit of being asked, and end within the total limit.
#[pin_project]
pub(crate) struct TimedBody<B> {
    #[pin]
    body: B,
    clock: Clock,
    /// Runs while a frame is awaited.
    idle: Option<Sleep>,
    total: TotalSleep,
    ended: bool,
}

/// What a body needs to measure and to report.
pub(crate) struct Clock {
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) idle: Limit,
    pub(crate) total: Option<Limit>,
    pub(crate) server: String,
}

impl<B> TimedBody<B> {
    pub(crate) fn new(body: B, clock: Clock, total: TotalSleep) -> Self {
        Self { body, clock, idle: None, total, ended: false }
    }
}

impl<B: Stream<Item = Result<Bytes>>> Stream for TimedBody<B> {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(item) = this.body.poll_next(cx) {
            *this.idle = None;
            *this.ended = !matches!(item, Some(Ok(_)));
            return Poll::Ready(item);
        }
        let clock = this.clock;
        let idle = this.idle.get_or_insert_with(|| clock.timer.sleep(clock.idle.duration));
        let passed = match (Pin::new(this.total).poll(cx), clock.total) {
            (Poll::Ready(()), Some(total)) => total,
            _ => {
                ready!(idle.as_mut().poll(cx));
                clock.idle
            }
        };
        *this.ended = true;
        Poll::Ready(Some(Err(passed.error(&clock.server))))
    }
}
