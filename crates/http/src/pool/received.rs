//! The body of an answer, which holds its connection until it has been read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use catena_core::Result;
use futures_core::Stream;
use http::Uri;
use http_body::Body as _;
use hyper::body::Incoming;

use super::connection::Http1;
use super::host::{Host, Slot};
use crate::failure;

/// The body of an answer. It is a channel from the connection's task and may be polled without a runtime.
///
/// Read to its end it gives its connection back; dropped before, it closes its connection or resets its stream.
pub(crate) struct Received {
    body: Incoming,
    held: Option<Held>,
    url: Uri,
}

/// What a body holds while it is read.
pub(super) enum Held {
    Http1(Http1, Arc<Host>),
    Http2(Slot),
}

impl Received {
    pub(super) fn new(body: Incoming, held: Held, url: &Uri) -> Self {
        let mut received = Self { body, held: Some(held), url: url.clone() };
        received.release_at_end();
        received
    }

    fn release_at_end(&mut self) {
        if self.body.is_end_stream() {
            self.release();
        }
    }

    /// Whether what is said to be the end is none: the library takes a stream that the server resets without an error for
    /// complete, as it may be after a complete answer (RFC 9113, section 8.1). A gateway does so too when its own server
    /// dies.
    fn is_cut(&self) -> bool {
        matches!(self.held, Some(Held::Http2(_))) && !self.body.is_end_stream()
    }

    fn release(&mut self) {
        match self.held.take() {
            Some(Held::Http1(connection, host)) => host.keep(connection),
            Some(Held::Http2(slot)) => drop(slot),
            None => {}
        }
    }
}

impl Drop for Received {
    /// The end of a body that nobody asked for may be here already, as after the last event of a stream: then hyper passes
    /// over it and keeps the connection. Else it closes the connection, and the pool finds it closed.
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
                    self.release_at_end();
                    // Trailers say nothing that anybody asks for.
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
