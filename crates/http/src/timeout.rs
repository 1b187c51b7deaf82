//! Time limits on futures and bodies. Polled by the caller, so they work on any executor.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use catena_core::{Error, Result, Sleep, Timer};
use futures_core::Stream;
use http::Uri;
use pin_project::pin_project;
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::failure;

/// A time limit and the text of its error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) duration: Duration,
    what: &'static str,
    setting: &'static str,
}

impl Limit {
    pub(crate) fn connect(duration: Duration) -> Self {
        Self {
            duration,
            what: "connect timeout: no connection to",
            setting: "`with_connect_timeout` (or `with_timeout`)",
        }
    }

    /// This limit, if it passes while the server does not answer the TLS handshake.
    pub(crate) fn in_handshake(self) -> Self {
        let what = "connect timeout: no TLS handshake (for a plain HTTP server use `http://`) with";
        Self { what, ..self }
    }

    pub(crate) fn first_byte(duration: Duration) -> Self {
        Self {
            duration,
            what: "first byte timeout: no answer from",
            setting: "`with_first_byte_timeout` (or `with_timeout`)",
        }
    }

    pub(crate) fn idle(duration: Duration) -> Self {
        Self {
            duration,
            what: "idle timeout: nothing more arrived from",
            setting: "`with_idle_timeout` (or `with_timeout`)",
        }
    }

    pub(crate) fn total(duration: Duration) -> Self {
        Self { duration, what: "total timeout: no complete answer from", setting: "`with_total_timeout`" }
    }

    pub(crate) fn error(&self, server: &str) -> Error {
        failure::timed_out(self.what, server, self.duration, self.setting)
    }
}

/// The source of timers: the client's own or, if it has none, that of the runtime that does the I/O. The latter is far
/// cheaper for limits that rarely expire, and can be polled anywhere.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    Runtime(Handle),
    Timer(Arc<dyn Timer>),
}

impl Clock {
    /// Returns an alarm that fires after this time.
    pub(crate) fn alarm(&self, after: Duration) -> Alarm {
        match self {
            Self::Runtime(runtime) => {
                let _context = runtime.enter();
                Alarm::Runtime(Box::pin(tokio::time::sleep(after)))
            }
            Self::Timer(timer) => Alarm::Timer(timer.sleep(after)),
        }
    }

    fn set(&self, alarm: &mut Alarm, after: Duration) {
        match (alarm, Instant::now().checked_add(after)) {
            (Alarm::Runtime(sleep), Some(deadline)) => sleep.as_mut().reset(deadline),
            (alarm, _) => *alarm = self.alarm(after),
        }
    }
}

/// A sleep in progress.
pub(crate) enum Alarm {
    Runtime(Pin<Box<tokio::time::Sleep>>),
    Timer(Sleep),
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.get_mut() {
            Self::Runtime(sleep) => sleep.as_mut().poll(cx),
            Self::Timer(sleep) => sleep.as_mut().poll(cx),
        }
    }
}

/// A future that must complete before a sleep does; otherwise it yields `None`.
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

/// The total time limit: an alarm that runs from the start of a call to the end of its body.
pub(crate) struct Total(Option<(Limit, Alarm)>);

impl Total {
    pub(crate) fn start(clock: &Clock, limit: Option<Limit>) -> Self {
        Self(limit.map(|limit| (limit, clock.alarm(limit.duration))))
    }
}

impl Future for Total {
    type Output = Limit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Limit> {
        match &mut self.0 {
            Some((limit, alarm)) => Pin::new(alarm).poll(cx).map(|()| *limit),
            None => Poll::Pending,
        }
    }
}

/// A body with an idle limit on each frame, measured from when it is polled for, and a total limit.
#[pin_project]
pub(crate) struct TimedBody<B> {
    #[pin]
    body: B,
    limits: BodyLimits,
    /// Active while a frame is awaited, and reused in between.
    idle: Option<Alarm>,
    waiting: bool,
    ended: bool,
}

/// A body that is told when it stalls.
pub(crate) trait Stall {
    /// Nothing arrived for `silence`, the idle limit, and the body will not be polled again.
    fn stalled(&self, silence: Duration);
}

/// The time limits of a body, and what their errors need.
pub(crate) struct BodyLimits {
    pub(crate) clock: Clock,
    pub(crate) idle: Limit,
    pub(crate) total: Total,
    pub(crate) url: Uri,
}

impl<B> TimedBody<B> {
    /// `alarm` is an alarm that is no longer needed, to be reused.
    pub(crate) fn new(body: B, limits: BodyLimits, alarm: Option<Alarm>) -> Self {
        Self { body, limits, idle: alarm, waiting: false, ended: false }
    }
}

impl<B: Stream<Item = Result<Bytes>> + Stall> Stream for TimedBody<B> {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(item) = this.body.as_mut().poll_next(cx) {
            *this.waiting = false;
            *this.ended = !matches!(item, Some(Ok(_)));
            return Poll::Ready(item);
        }
        let limits = this.limits;
        let idle = this.idle.get_or_insert_with(|| {
            *this.waiting = true;
            limits.clock.alarm(limits.idle.duration)
        });
        if !std::mem::replace(this.waiting, true) {
            limits.clock.set(idle, limits.idle.duration);
        }
        let passed = match Pin::new(&mut limits.total).poll(cx) {
            Poll::Ready(total) => total,
            Poll::Pending => {
                ready!(Pin::new(idle).poll(cx));
                this.body.stalled(limits.idle.duration);
                limits.idle
            }
        };
        *this.ended = true;
        Poll::Ready(Some(Err(passed.error(&failure::server_name(&limits.url)))))
    }
}
