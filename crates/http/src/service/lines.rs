//! Newline-delimited JSON: one event per line.

use std::pin::Pin;

use bytes::{Buf, Bytes, BytesMut};
use catena_core::{Error, ErrorKind, Result};
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};

use crate::failure;
use crate::sse::Event;

/// The lines of a body as events without a name. Empty lines are passed over; a last line needs no newline.
///
/// # Errors
/// As those of [`decode_events`](crate::decode_events).
pub(super) fn decode_lines(
    bytes: impl Stream<Item = Result<Bytes>> + Send + 'static,
    max_line: usize,
) -> impl Stream<Item = Result<Event>> + Send {
    let state =
        Lines { bytes: Box::pin(bytes), buffer: BytesMut::new(), searched: 0, max_line, ended: false };
    stream::unfold(Some(state), |state| async move {
        let mut state = state?;
        let line = state.next().await?;
        let next = line.is_ok().then_some(state);
        Some((line, next))
    })
}

struct Lines<S> {
    bytes: Pin<Box<S>>,
    buffer: BytesMut,
    /// How much of the buffer holds no newline: no byte is looked at twice.
    searched: usize,
    max_line: usize,
    ended: bool,
}

impl<S: Stream<Item = Result<Bytes>>> Lines<S> {
    async fn next(&mut self) -> Option<Result<Event>> {
        loop {
            while let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + at);
                self.buffer.advance(1);
                self.searched = 0;
                if !line.trim_ascii().is_empty() {
                    return Some(event(&line));
                }
            }
            self.searched = self.buffer.len();
            if self.searched > self.max_line {
                return Some(Err(failure::event_too_large(self.max_line)));
            }
            if self.ended {
                let line = self.buffer.split();
                self.searched = 0;
                return (!line.trim_ascii().is_empty()).then(|| event(&line));
            }
            match self.bytes.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(error)) => return Some(Err(error)),
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

    fn lines(pieces: &[&'static [u8]], max_line: usize) -> (Vec<String>, Option<ErrorKind>) {
        let pieces: Vec<Result<Bytes>> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece))).collect();
        let events: Vec<_> = pollster::block_on(decode_lines(stream::iter(pieces), max_line).collect());
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
        let events: Vec<_> = pollster::block_on(decode_lines(stream::iter(cut), 9).collect());
        assert_eq!(events.len(), 2, "half a line is no line");
        assert_eq!(events[1].as_ref().expect_err("cut").kind(), ErrorKind::Incomplete);
    }
}
