//! Newline-delimited JSON: one event per line.

use std::pin::Pin;
use std::task::{self, Poll, ready};

use bytes::{Buf, BytesMut};
use catena_core::{Error, ErrorKind, Result};
use futures_util::stream::Stream;
use memchr::memchr;

use crate::body::Body;
use crate::failure;
use crate::sse::Event;

/// The lines of a body as events without a name. Empty lines are skipped; the last line needs no newline.
///
/// # Errors
/// As for [`decode_events`](crate::decode_events).
pub(super) struct Lines {
    bytes: Body,
    buffer: BytesMut,
    /// Length of the prefix of the buffer known to have no newline, so that no byte is scanned twice.
    searched: usize,
    max_line: usize,
    /// The input has ended normally: only a line without its newline may be left.
    ended: bool,
}

impl Lines {
    pub(super) fn new(bytes: Body, max_line: usize) -> Self {
        Self { bytes, buffer: BytesMut::new(), searched: 0, max_line, ended: false }
    }

    /// Returns true if the last item, an event or an error, came from a line that the end of the input cut off.
    pub(super) fn is_cut(&self) -> bool {
        self.ended
    }

    /// Returns the next complete line in the buffer, if any.
    fn next_line(&mut self) -> Option<Result<Event>> {
        while let Some(at) = memchr(b'\n', &self.buffer[self.searched..]) {
            let line = self.buffer.split_to(self.searched + at);
            self.buffer.advance(1);
            self.searched = 0;
            if !line.trim_ascii().is_empty() {
                return Some(event(&line));
            }
        }
        self.searched = self.buffer.len();
        (self.searched > self.max_line).then(|| Err(failure::event_too_large(self.max_line)))
    }
}

/// Not fused: must not be polled after an error.
impl Stream for Lines {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(line) = self.next_line() {
                return Poll::Ready(Some(line));
            }
            if self.ended {
                self.searched = 0;
                let line = std::mem::take(&mut self.buffer);
                return Poll::Ready((!line.trim_ascii().is_empty()).then(|| event(&line)));
            }
            match ready!(Pin::new(&mut self.bytes).poll_next(cx)) {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.ended = true,
            }
        }
    }
}

fn event(line: &[u8]) -> Result<Event> {
    match std::str::from_utf8(line.trim_ascii()) {
        Ok(line) => Ok(Event { data: line.to_owned(), ..Event::default() }),
        Err(error) => {
            let message = "a line of the stream holds bytes that are not UTF-8";
            Err(Error::new(ErrorKind::Decode, message).with_source(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use futures_util::{StreamExt, stream};

    fn decode(pieces: Vec<Result<Bytes>>, max_line: usize) -> Vec<Result<Event>> {
        let mut lines = Lines::new(Body::from_stream(stream::iter(pieces)), max_line);
        let mut events = Vec::new();
        pollster::block_on(async {
            while let Some(event) = lines.next().await {
                let is_last = event.is_err();
                events.push(event);
                if is_last {
                    break;
                }
            }
        });
        events
    }

    fn lines(pieces: &[&'static [u8]], max_line: usize) -> (Vec<String>, Option<ErrorKind>) {
        let pieces: Vec<Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        let events = decode(pieces, max_line);
        let mut lines = Vec::new();
        for event in events {
            match event {
                Ok(event) => lines.push(event.data),
                Err(error) => return (lines, Some(error.kind())),
            }
        }
        (lines, None)
    }

    #[track_caller]
    fn check(pieces: &[&'static [u8]], expected: &[&str]) {
        let (lines, error) = lines(pieces, 100);
        assert_eq!((lines, error), (expected.iter().map(|&line| line.to_owned()).collect(), None));
    }

    #[test]
    fn lines_may_be_cut_anywhere() {
        check(&[b"{}\n[]\r\n\n1"], &["{}", "[]", "1"]);
        check(&[b"{", b"}", b"\n", b"\n\"\xC3", b"\xA9\"\n"], &["{}", "\"é\""]);
        check(&[], &[]);
        check(&[b"\n \n"], &[]);
    }

    #[test]
    fn what_is_too_long_or_not_text_ends_the_stream() {
        assert_eq!(lines(&[b"1\n", b"123456"], 5), (vec!["1".to_owned()], Some(ErrorKind::TooLarge)));
        assert_eq!(lines(&[b"1\n\xFF\n2\n"], 5), (vec!["1".to_owned()], Some(ErrorKind::Decode)));
        let cut: Vec<Result<Bytes>> =
            vec![Ok(Bytes::from_static(b"1\n2")), Err(Error::new(ErrorKind::Incomplete, "cut"))];
        let events = decode(cut, 9);
        assert_eq!(events.len(), 2, "half a line is no line");
        assert_eq!(events[1].as_ref().expect_err("cut").kind(), ErrorKind::Incomplete);
    }
}
