//! Decoding of server-sent events, in bounded memory.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use catena_core::{Error, Result};
use futures_core::Stream;

use crate::body::Body;
use crate::sse_decoder::Decoder;

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
    /// Returns true for the marker that ends the streams of OpenAI-compatible services: data that starts with `[DONE]`,
    /// ignoring leading white space. For an example see [`Event`].
    pub fn is_done(&self) -> bool {
        self.data.trim_start().starts_with("[DONE]")
    }
}

/// Decodes a byte stream as server-sent events.
///
/// Lines may end in LF, CRLF or CR, and the bytes may be split anywhere. A byte order mark is skipped; comments and
/// blocks without a `data` line yield no event. A final block without its terminating blank line is delivered, because
/// several servers omit that line; the standard would discard it. Time is linear in the input, and memory is bounded by
/// `max_event_bytes`.
///
/// # Errors
/// Every error is the last item. An error of `bytes` is passed on unchanged, and an unfinished block before it is
/// discarded. [`ErrorKind::TooLarge`](catena_core::ErrorKind::TooLarge) if a block, or a line of any kind, exceeds
/// `max_event_bytes`. [`ErrorKind::Decode`](catena_core::ErrorKind::Decode) for a field that is not UTF-8: damaged data
/// is not repaired silently.
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
pub fn decode_events(
    bytes: impl Stream<Item = Result<Bytes>> + Send + 'static,
    max_event_bytes: usize,
) -> EventStream {
    EventStream {
        bytes: Some(Body::from_stream(bytes)),
        ended: false,
        decoder: Decoder::new(max_event_bytes),
    }
}

/// A stream of server-sent events, created by [`decode_events`] and [`Response::events`](crate::Response::events).
///
/// Fused: after its end or an error it yields `None`.
///
/// # Cancellation
/// Dropping it drops the body, which closes the connection or resets the HTTP/2 stream.
///
/// # Example
/// See [`decode_events`].
pub struct EventStream {
    /// `None` once there is nothing more to read.
    bytes: Option<Body>,
    /// The input has ended normally: only a block without its blank line may be left.
    ended: bool,
    decoder: Decoder,
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            match this.decoder.next_event().transpose() {
                Some(Ok(event)) => return Poll::Ready(Some(Ok(event))),
                Some(Err(error)) => return this.fail(error),
                None => {}
            }
            let Some(bytes) = &mut this.bytes else { return Poll::Ready(None) };
            match ready!(Pin::new(bytes).poll_next(cx)) {
                Some(Ok(chunk)) => this.decoder.feed(chunk),
                Some(Err(error)) => return this.fail(error),
                None => {
                    this.bytes = None;
                    this.ended = true;
                    this.decoder.finish();
                }
            }
        }
    }
}

impl EventStream {
    /// Returns true if the last item, an event or an error, came from a block that the end of the input cut off.
    pub(crate) fn is_cut(&self) -> bool {
        self.ended
    }

    /// Recycles the memory of an event that is no longer needed.
    pub(crate) fn recycle(&mut self, event: Event) {
        self.decoder.recycle(event.data);
    }

    /// Ends with an error; input that was received but not delivered is discarded.
    fn fail(&mut self, error: Error) -> Poll<Option<Result<Event>>> {
        self.bytes = None;
        self.decoder = Decoder::new(0);
        Poll::Ready(Some(Err(error)))
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ErrorKind;
    use futures_util::{StreamExt, stream};

    /// The events of an input, and the kind of the error that ended it.
    type Decoded = (Vec<Event>, Option<ErrorKind>);

    fn decode(chunks: Vec<Bytes>, limit: usize) -> Decoded {
        let mut events = decode_events(stream::iter(chunks.into_iter().map(Ok)), limit);
        let mut decoded = (Vec::new(), None);
        pollster::block_on(async {
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => decoded.0.push(event),
                    Err(error) => decoded.1 = Some(error.kind()),
                }
            }
            assert!(events.next().await.is_none(), "the end is final");
        });
        decoded
    }

    /// Decodes `input` whole, cut in two at every byte, and byte by byte; all must agree.
    fn check_within(input: &[u8], limit: usize, expected: &Decoded) {
        let shown = String::from_utf8_lossy(input);
        assert_eq!(&decode(vec![Bytes::copy_from_slice(input)], limit), expected, "whole: {shown:?}");
        for cut in 0..=input.len() {
            let parts = [&input[..cut], b"", &input[cut..]].map(Bytes::copy_from_slice);
            assert_eq!(&decode(parts.to_vec(), limit), expected, "cut at {cut}: {shown:?}");
        }
        let bytes = input.chunks(1).map(Bytes::copy_from_slice).collect();
        assert_eq!(&decode(bytes, limit), expected, "byte by byte: {shown:?}");
    }

    fn check(input: &[u8], expected: &[&str]) {
        let expected =
            expected.iter().map(|data| Event { data: (*data).to_owned(), ..Event::default() }).collect();
        check_within(input, 1 << 20, &(expected, None));
    }

    #[test]
    fn blocks_become_events() {
        check(b"", &[]);
        check(b"\n\n\n", &[]);
        check(b"data: one\n\ndata: two\n\n", &["one", "two"]);
        check(b"data: one\r\n\r\ndata: two\r\n\r\n", &["one", "two"]);
        check(b"data: one\r\rdata: two\r\r", &["one", "two"]);
        check(b"data: one\r\n\ndata: two\n\r\ndata: three\r\n\r", &["one", "two", "three"]);
        check(b"data:one\n\ndata:  two \n\n", &["one", " two "]);
        check(b"data: a\ndata: b\ndata:\ndata: c\n\n", &["a\nb\n\nc"]);
        check(b"data\n\ndata:\n\n", &["", ""]);
        check(b"data: {\"a\": \"b:c\"}\n\n", &["{\"a\": \"b:c\"}"]);
        check("data: grüß €uro 🦀\n\n".as_bytes(), &["grüß €uro 🦀"]);
    }

    #[test]
    fn what_is_no_event_is_skipped() {
        check(b": hi\n\n:\n\n: OPENROUTER PROCESSING\n\ndata: x\n\n", &["x"]);
        check(b"event: ping\n\nid: 3\n\nretry: 9\n\ndata: x\n\n", &["x"]);
        check(b"unknown: y\nnocolon\ndata: x\ndatas: z\n\n", &["x"]);
        check(b"data: a\n: comment inside\ndata: b\n\n", &["a\nb"]);
    }

    #[test]
    fn a_byte_order_mark_is_skipped_once() {
        check(b"\xEF\xBB\xBFdata: x\n\n", &["x"]);
        check(b"\xEF\xBB\xBF: c\n\ndata: x\n\n", &["x"]);
        check(b"\xEF\xBB\xBF\n\ndata: x\n\n", &["x"]);
        check(b"data: x\n\n\xEF\xBB\xBFdata: y\n\ndata: z\n\n", &["x", "z"]);
    }

    #[test]
    fn an_unterminated_last_block_is_delivered() {
        for end in ["", "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r\n"] {
            check(format!("data: x\n\ndata: last{end}").as_bytes(), &["x", "last"]);
        }
        check(b"data: x\n\n: comment", &["x"]);
        check(b"data: x\n\nevent: e", &["x"]);
    }

    #[test]
    fn fields_belong_to_their_block() {
        let input = b"event: delta\nid: 7\ndata: a\n\ndata: b\nevent: x\nevent: y\nretry: 10\n\n";
        let first = Event { event: Some("delta".into()), data: "a".into(), id: Some("7".into()) };
        let second = Event { event: Some("y".into()), data: "b".into(), id: None };
        check_within(input, 1 << 10, &(vec![first, second], None));
    }

    #[test]
    fn bytes_that_are_not_utf8_end_the_stream() {
        let one = Event { data: "one".into(), ..Event::default() };
        let expected = (vec![one], Some(ErrorKind::Decode));
        check_within(b"data: one\n\ndata: \xff\n\ndata: two\n\n", 1 << 10, &expected);
        check_within(b"data: one\n\ndata: \xE2\x82", 1 << 10, &expected);
        check_within(b"data: one\n\nevent: \xff\ndata: x\n\n", 1 << 10, &expected);
        // In what nobody reads it does no harm.
        check(b": \xff\n\nother: \xff\ndata: one\n\n", &["one"]);
    }

    #[test]
    fn a_block_is_bounded_and_what_precedes_it_is_delivered() {
        let event = |data: &str| Event { data: data.to_owned(), ..Event::default() };
        // `data: 1234` and its line end are 11 bytes.
        check_within(b"data: 1234\n\ndata: 1234\n\n", 11, &(vec![event("1234"), event("1234")], None));
        let too_large =
            |events: &[&str]| (events.iter().map(|data| event(data)).collect(), Some(ErrorKind::TooLarge));
        check_within(b"data: 1\n\ndata: 1234567890\n\ndata: 2\n\n", 11, &too_large(&["1"]));
        check_within(b"data: 1\n\ndata: 1234567890", 11, &too_large(&["1"]));
        check_within(b"data: 1\n\ndata: 1\ndata: 2\n\n", 11, &too_large(&["1"]));
        check_within(b"event: 789012\ndata: 1\n\n", 11, &too_large(&[]));
        check_within(b"data: 1\n\n:3456789012345\n\n", 11, &too_large(&["1"]));
        check_within(b"data: 1\r\n\r\nx\rx\rx\rx\rx\rx\rx\r", 11, &too_large(&["1"]));
    }

    #[test]
    fn comments_do_not_count_towards_a_block() {
        let mut input = b"data: 1\n".to_vec();
        input.extend(b": ping\n".repeat(20));
        input.extend(b"\n");
        let expected = Event { data: "1".into(), ..Event::default() };
        check_within(&input, 11, &(vec![expected], None));
    }

    #[test]
    fn an_error_of_the_body_is_passed_on_and_drops_the_unfinished_block() {
        let bytes = [
            Ok(Bytes::from("data: a\n\ndata: b\n")),
            Err(Error::new(ErrorKind::Incomplete, "cut").with_retryable(true)),
            Ok(Bytes::from("\n")),
        ];
        let mut events = decode_events(stream::iter(bytes), 100);
        pollster::block_on(async {
            assert_eq!(events.next().await.expect("an event").expect("no error").data, "a");
            let error = events.next().await.expect("an error").expect_err("an error");
            assert_eq!(
                (error.kind(), error.message(), error.is_retryable()),
                (ErrorKind::Incomplete, "cut", true)
            );
            assert!(events.next().await.is_none());
        });
    }

    #[test]
    fn endless_input_is_stopped_at_the_limit() {
        for piece in ["data: x\n", "x", ":", "\rx"] {
            let endless = stream::repeat_with(move || Ok(Bytes::from(piece.repeat(1000))));
            let mut events = decode_events(endless, 1 << 16);
            let error = pollster::block_on(events.next()).expect("an error").expect_err(piece);
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{piece:?}");
        }
    }

    #[test]
    fn a_large_event_in_small_reads_takes_linear_time() {
        let time = |size: usize| {
            let mut chunks = vec![Bytes::from("data: ")];
            chunks.extend(vec![Bytes::from(vec![b'x'; 64]); size / 64]);
            chunks.push(Bytes::from("\n\n"));
            let start = std::time::Instant::now();
            let (events, error) = decode(chunks, 8 << 20);
            assert_eq!((events[0].data.len(), error), (size, None));
            start.elapsed()
        };
        // Quadratic decoding would take 16 times as long; the slack is for a busy machine.
        let best = |size| (0..3).map(|_| time(size)).min().expect("three runs");
        let (small, large) = (best(1 << 20), best(4 << 20));
        assert!(large < small * 12 + std::time::Duration::from_millis(50), "{small:?}, then {large:?}");
    }

    #[test]
    fn the_done_marker() {
        for (data, done) in
            [("[DONE]", true), ("  [DONE]", true), ("[DONE] x", true), ("{}", false), ("", false)]
        {
            assert_eq!(Event { data: data.into(), ..Event::default() }.is_done(), done, "{data:?}");
        }
    }
}
