//! A response body, which holds its connection until it has been read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use catena_core::Result;
use futures_core::Stream;
use http::Uri;
use http_body::Body as _;
use hyper::body::Incoming;

use super::connection::Http1;
use super::host::{Host, Slot};
use crate::failure;
use crate::timeout::Stall;
use crate::wire::Traffic;

/// A response body. It is fed by the connection's task, so it can be polled without a runtime.
///
/// When read to the end, it returns its connection to the pool; when dropped earlier, it closes the connection or
/// resets the stream.
pub(crate) struct Received {
    body: Incoming,
    held: Option<Held>,
    host: Arc<Host>,
    url: Uri,
    /// Number of bytes that the connection had received when the last frame was read.
    received: u64,
}

/// What a body holds while it is being read.
pub(super) enum Held {
    Http1(Http1),
    Http2(Slot),
}

impl Held {
    fn traffic(&self) -> &Traffic {
        match self {
            Self::Http1(connection) => &connection.traffic,
            Self::Http2(slot) => slot.traffic(),
        }
    }
}

impl Received {
    pub(super) fn new(body: Incoming, held: Held, host: Arc<Host>, url: &Uri) -> Self {
        let bytes = held.traffic().received();
        let mut received = Self { body, held: Some(held), host, url: url.clone(), received: bytes };
        received.release_at_end();
        received
    }

    fn release_at_end(&mut self) {
        if self.body.is_end_stream() {
            self.release();
        }
    }

    /// Returns true if the body was truncated although it seems to have ended. The library treats a stream that the
    /// server resets without an error as complete, which is legitimate after a complete response (RFC 9113, section
    /// 8.1), but gateways also do this when their own server dies.
    fn is_cut(&self) -> bool {
        matches!(self.held, Some(Held::Http2(_))) && !self.body.is_end_stream()
    }

    fn release(&mut self) {
        match self.held.take() {
            Some(Held::Http1(connection)) => self.host.keep(connection),
            Some(Held::Http2(slot)) => drop(slot),
            None => {}
        }
    }
}

impl Stall for Received {
    /// Only a connection without any traffic is suspect: other responses and pings may well arrive.
    fn stalled(&self, silence: Duration) {
        let is_silent = |held: &Held| held.traffic().received() == self.received;
        if self.held.as_ref().is_some_and(is_silent)
            && let Some(since) = Instant::now().checked_sub(silence)
        {
            self.host.with(|connections| connections.suspect(since));
        }
    }
}

impl Drop for Received {
    /// The rest of a body may already be here, for example after the last event of a stream: then hyper skips it and
    /// keeps the connection. Otherwise it closes the connection, and the pool finds it closed.
    fn drop(&mut self) {
        self.release();
    }
}

impl Stream for Received {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    self.received = self.held.as_ref().map_or(0, |held| held.traffic().received());
                    self.release_at_end();
                    // Trailers are ignored.
                    let Ok(data) = frame.into_data() else { continue };
                    return Poll::Ready(Some(Ok(data)));
                }
                Some(Err(error)) => {
                    self.held = None;
                    return Poll::Ready(Some(Err(failure::no_body(&self.url, error))));
                }
                None if self.is_cut() => {
                    self.held = None;
                    return Poll::Ready(Some(Err(failure::cut_body(&self.url))));
                }
                None => {
                    self.release();
                    return Poll::Ready(None);
                }
            }
        }
    }
}
