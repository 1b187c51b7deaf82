//! Server-sent events: bytes in, events out, with bounded memory.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use catena_core::{Error, ErrorKind, Result};
use futures_core::Stream;
use sse_stream::SseByteStream;

use crate::body::Body;
use crate::failure;

/// One server-sent event.
///
/// # Example
/// ```
/// use catena_http::Event;
/// let event = Event { data: " [DONE]".into(), ..Event::default() };
/// assert!(event.is_done());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The `event` field of the block, if it has one.
    pub event: Option<String>,
    /// The `data` lines, joined by `\n`. May be empty: a bare `data:` line is an event with empty data.
    pub data: String,
    /// The `id` field of the block, if it has one. Ids are not carried over from earlier blocks.
    pub id: Option<String>,
}

impl Event {
    /// True for the marker with which OpenAI-like services end a stream: data that begins with `[DONE]`, after any white
    /// space.
    pub fn is_done(&self) -> bool {
        self.data.trim_start().starts_with("[DONE]")
    }
}

/// Decodes a stream of bytes as server-sent events.
///
/// Lines may end in LF, CRLF or CR, and the bytes may be split anywhere. A byte order mark is skipped, comments and
/// blocks without a `data` line are not events. A last block that lacks its blank line is delivered, because several
/// servers forget that line; the standard would drop it. Time is linear in the bytes, memory is bounded by
/// `max_event_bytes`.
///
/// # Errors
/// Every error is the last item. An error of `bytes` is passed on as it is, and what preceded it in an unfinished block
/// is dropped. [`ErrorKind::TooLarge`] if one block, or one line of any kind, exceeds `max_event_bytes`.
/// [`ErrorKind::Decode`] for a field that is not UTF-8: a stream that is damaged is not repaired silently.
///
/// # Example
/// ```
/// use bytes::Bytes;
/// use catena_http::decode_events;
/// use futures_util::{StreamExt, stream};
/// # futures_executor::block_on(async {
/// let bytes = stream::iter([Ok(Bytes::from(": hi\r\nda")), Ok(Bytes::from("ta: one\r\n\r\ndata: [DONE]"))]);
/// let mut events = decode_events(bytes, 1024);
/// assert_eq!(events.next().await.unwrap().unwrap().data, "one");
/// assert!(events.next().await.unwrap().unwrap().is_done());
/// assert!(events.next().await.is_none());
/// # });
/// ```
pub fn decode_events(bytes: impl Stream<Item = Result<Bytes>> + Send + 'static, max_event_bytes: usize) -> EventStream {
    let guarded = Guarded { bytes: Body::from_stream(bytes), size: BlockSize::new(max_event_bytes), end: End::Open };
    EventStream { events: SseByteStream::new(guarded) }
}

/// The events of a body as they arrive. Made by [`decode_events`] and [`Response::events`](crate::Response::events).
///
/// Fused: after its end or an error it yields `None`.
///
/// # Cancellation
/// Dropping it drops the body and so closes the connection.
pub struct EventStream {
    events: SseByteStream<Guarded>,
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.events).poll_next(cx)) {
                Some(Ok(block)) => match block.data {
                    Some(data) => Some(Ok(Event { event: block.event, data, id: block.id })),
                    None => continue,
                },
                Some(Err(error)) => Some(Err(decode_error(error))),
                None => None,
            });
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}

fn decode_error(error: sse_stream::Error) -> Error {
    match error {
        sse_stream::Error::Body(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(other) => Error::other(other),
        },
        other => Error::new(ErrorKind::Decode, "the event stream holds bytes that are not UTF-8").with_source(other),
    }
}

/// The bytes on their way to the decoder: counted, and closed with a blank line at their end.
struct Guarded {
    bytes: Body,
    size: BlockSize,
    end: End,
}

/// How far the input is.
enum End {
    Open,
    /// The limit was passed; the error follows what came before it.
    TooLarge,
    Closed,
}

impl Stream for Guarded {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.end {
            End::Closed => return Poll::Ready(None),
            End::TooLarge => {
                self.end = End::Closed;
                return Poll::Ready(Some(Err(failure::event_too_large(self.size.limit))));
            }
            End::Open => {}
        }
        Poll::Ready(match ready!(Pin::new(&mut self.bytes).poll_next(cx)) {
            Some(Ok(mut chunk)) => {
                if let Some(accepted) = self.size.count(&chunk) {
                    chunk.truncate(accepted);
                    self.end = End::TooLarge;
                }
                Some(Ok(chunk))
            }
            Some(Err(error)) => {
                self.end = End::Closed;
                Some(Err(error))
            }
            None => {
                self.end = End::Closed;
                Some(Ok(Bytes::from_static(b"\n\n")))
            }
        })
    }
}

/// Counts the bytes of the block that is being received. Comments count only until their line ends, because the decoder
/// does not keep them: a connection kept alive by comments for days never exceeds the limit.
struct BlockSize {
    limit: usize,
    /// Bytes in the finished lines of the block.
    block: usize,
    /// Bytes in the unfinished line.
    line: usize,
    comment: bool,
    after_cr: bool,
}

impl BlockSize {
    fn new(limit: usize) -> Self {
        Self { limit, block: 0, line: 0, comment: false, after_cr: false }
    }

    /// Counts `chunk`. Returns the number of bytes before the one that exceeds the limit, if one does.
    fn count(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut rest = chunk;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                rest = &rest[1..];
                continue;
            }
            if self.line == 0 {
                self.comment = first == b':';
            }
            let end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r');
            let length = end.unwrap_or(rest.len());
            let room = self.limit.saturating_sub(self.block + self.line);
            if length > room {
                return Some(chunk.len() - rest.len() + room);
            }
            self.line += length;
            let Some(end) = end else { return None };
            self.after_cr = rest[end] == b'\r';
            self.finish_line();
            rest = &rest[end + 1..];
        }
        None
    }

    fn finish_line(&mut self) {
        match self.line {
            0 => self.block = 0,
            // One more for the line end, so that a block of short lines is bounded too.
            length if !self.comment => self.block += length + 1,
            _ => {}
        }
        self.line = 0;
    }
}
