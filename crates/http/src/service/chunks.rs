//! From the body of a streamed response to chunks.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use catena_core::{ChunkStream, Error, ErrorKind, Result, Sleep, Timer};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::{self, BoxStream, Stream};

use super::dialect::StreamDecoder;
use super::lines::Lines;
use super::mended::Mended;
use super::origin::Origin;
use crate::body::Body;
use crate::failure;
use crate::response::Response;
use crate::sse::{Event, EventStream, decode_events};

/// The response to a streaming request.
pub(super) enum Events {
    Arriving(Arriving),
    /// The server does not stream.
    Whole(Bytes),
}

impl Events {
    /// Distinguishes event streams, JSON lines and plain responses: by the content type, or by how the body starts if
    /// the content type is something else.
    ///
    /// # Errors
    /// Those of reading the body.
    pub(super) async fn of(mut response: Response) -> Result<Self> {
        let limits = response.limits();
        let kind = response.header("content-type").unwrap_or_default().trim().to_ascii_lowercase();
        let is = |names: &[&str]| names.iter().any(|name| kind.starts_with(name));
        if is(&["text/event-stream"]) {
            return match is_whole(response.peek().await?) {
                Some(false) => Ok(Self::Arriving(Arriving::Events(response.events()))),
                _ => Self::labelled_events(response).await,
            };
        }
        if is(&["application/x-ndjson", "application/ndjson", "application/jsonl", "application/stream+json"])
        {
            let lines = Lines::new(response.into_body(), limits.max_event_bytes);
            return Ok(Self::Arriving(Arriving::Lines(lines)));
        }
        let mut body = response.into_body();
        let mut start = BytesMut::new();
        while let Some(frame) = body.next().await.transpose()? {
            start.extend_from_slice(&frame);
            match begins_as_events(&start) {
                Some(true) => {
                    let bytes = stream::iter([Ok(start.freeze())]).chain(body);
                    let events = decode_events(bytes, limits.max_event_bytes);
                    return Ok(Self::Arriving(Arriving::Events(events)));
                }
                Some(false) => return gather(start, body, limits.max_body_bytes).await.map(Self::Whole),
                None if start.len() > limits.max_body_bytes => {
                    return Err(failure::body_too_large(limits.max_body_bytes));
                }
                None => {}
            }
        }
        Ok(Self::Whole(start.freeze()))
    }

    /// Double-checks a body labelled as events: some servers and proxies use that label for every response to a
    /// streaming call, including errors and web pages.
    async fn labelled_events(response: Response) -> Result<Self> {
        let limits = response.limits();
        let mut body = response.into_body();
        let mut start = BytesMut::new();
        while is_whole(&start).is_none() {
            let Some(frame) = body.next().await.transpose()? else { break };
            start.extend_from_slice(&frame);
        }
        if is_whole(&start) == Some(true) {
            return gather(start, body, limits.max_body_bytes).await.map(Self::Whole);
        }
        let bytes = stream::iter([Ok(start.freeze())]).chain(body);
        Ok(Self::Arriving(Arriving::Events(decode_events(bytes, limits.max_event_bytes))))
    }
}

/// Events as they arrive, in either format.
pub(super) enum Arriving {
    Events(EventStream),
    Lines(Lines),
}

impl Arriving {
    fn poll_next(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Result<Event>>> {
        match self {
            Self::Events(events) => events.poll_next_unpin(cx),
            Self::Lines(lines) => lines.poll_next_unpin(cx),
        }
    }

    /// Returns true if the last item came from an event that the end of the input cut off.
    fn is_cut(&self) -> bool {
        match self {
            Self::Events(events) => events.is_cut(),
            Self::Lines(lines) => lines.is_cut(),
        }
    }

    /// Recycles the memory of an event that is no longer needed.
    fn recycle(&mut self, event: Event) {
        if let Self::Events(events) = self {
            events.recycle(event);
        }
    }
}

/// Returns whether a body that starts like this is an event stream; `None` while undecided.
fn begins_as_events(bytes: &[u8]) -> Option<bool> {
    let enough = bytes.len() >= MOST_SPACE;
    let bytes = &bytes[..bytes.len().min(MOST_SPACE)];
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let fields: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];
    if fields.iter().any(|field| bytes.starts_with(field)) {
        return Some(true);
    }
    let undecided = fields.iter().any(|field| field.starts_with(bytes)) || b"\xEF\xBB\xBF".starts_with(bytes);
    if undecided && !enough { None } else { Some(false) }
}

/// Leading white space, in bytes, after which a response is taken to be what its label says.
const MOST_SPACE: usize = 1_024;

/// Returns whether a body starts like JSON or markup rather than a field of an event. `None` while there is only white
/// space.
fn is_whole(bytes: &[u8]) -> Option<bool> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    if MARK.starts_with(bytes) {
        return None;
    }
    let head = &bytes[..bytes.len().min(MOST_SPACE)];
    match head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start().first() {
        Some(first) => Some(matches!(first, b'{' | b'[' | b'<')),
        None => (bytes.len() >= MOST_SPACE).then_some(false),
    }
}

async fn gather(mut start: BytesMut, mut body: Body, limit: usize) -> Result<Bytes> {
    while start.len() <= limit {
        let Some(frame) = body.next().await.transpose()? else { return Ok(start.freeze()) };
        start.extend_from_slice(&frame);
    }
    Err(failure::body_too_large(limit))
}

/// The time limit for the next chunk.
pub(super) struct ChunkLimit(Option<(Duration, Arc<dyn Timer>)>);

impl ChunkLimit {
    pub(super) fn new(limit: Option<Duration>, timer: &Arc<dyn Timer>) -> Self {
        Self(limit.map(|limit| (limit, Arc::clone(timer))))
    }

    /// Bounds the wait for the first chunk of a stream.
    pub(super) async fn bound<T>(&self, wait: impl Future<Output = Result<T>>) -> Result<T> {
        let Some((limit, timer)) = &self.0 else { return wait.await };
        match select(pin!(wait), timer.sleep(*limit)).await {
            Either::Left((first, _)) => first,
            Either::Right(_) => Err(out_of_patience(*limit, 0)),
        }
    }
}

fn out_of_patience(limit: Duration, seen: usize) -> Error {
    let message = format!(
        "stream chunk timeout: nothing new came within {limit:?} after {seen} chunks; \
         `with_stream_chunk_timeout` raises this limit"
    );
    Error::new(ErrorKind::Timeout, message)
}

/// How long to wait for the end of a complete response. Usually it arrives together with the last chunk.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Decodes a response to its end or to the first error.
pub(super) fn decode_chunks<'a, D>(
    events: Events,
    decoder: D,
    origin: Origin,
    limit: ChunkLimit,
    clock: &Arc<dyn Timer>,
) -> BoxStream<'a, Result<D::Chunk>>
where
    D: StreamDecoder + 'a,
{
    let mut decoder = Mended::new(decoder);
    match events {
        Events::Whole(body) => stream::iter([decoder.whole(&body, &origin)]).boxed(),
        Events::Arriving(events) => {
            let clock = Arc::clone(clock);
            Box::pin(Decoding {
                events,
                decoder,
                origin,
                limit,
                clock,
                seen: 0,
                patience: None,
                last_words: None,
                ended: false,
            })
        }
    }
}

/// Prepends to a stream the first chunk, which was taken to see whether the stream starts.
pub(super) fn put_back<'a, T: Send + 'a>(
    first: Option<T>,
    mut rest: ChunkStream<'a, T>,
) -> ChunkStream<'a, T> {
    let Some(first) = first else { return rest };
    let mut first = Some(Ok(first));
    Box::pin(stream::poll_fn(move |task| match first.take() {
        Some(first) => Poll::Ready(Some(first)),
        None => rest.as_mut().poll_next(task),
    }))
}

/// A hand-written stream, because an unfolded future would move all of this for every chunk.
struct Decoding<D> {
    events: Arriving,
    decoder: D,
    origin: Origin,
    limit: ChunkLimit,
    /// Measures the wait for the end of a complete response.
    clock: Arc<dyn Timer>,
    /// Number of chunks delivered.
    seen: usize,
    /// Active while a chunk is awaited.
    patience: Option<Sleep>,
    /// Active while the end of a complete response is awaited.
    last_words: Option<Sleep>,
    ended: bool,
}

// No field is structurally pinned.
impl<D> Unpin for Decoding<D> {}

impl<D: StreamDecoder> Stream for Decoding<D> {
    type Item = Result<D::Chunk>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            if this.decoder.is_complete() {
                ready!(this.poll_end(cx));
                this.ended = true;
                return Poll::Ready(this.decoder.end(true, &this.origin).transpose());
            }
            let last = match this.poll_event(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(event))) if event.is_done() => {
                    // The connection can be reused only if its response was read to the end, which is either here
                    // already or late.
                    let _ = this.events.poll_next(cx);
                    this.decoder.end(true, &this.origin)
                }
                Poll::Ready(Some(Ok(event))) => {
                    let chunk = this.decoder.event(event.event.as_deref(), &event.data, &this.origin);
                    this.events.recycle(event);
                    match chunk {
                        Ok(None) => continue,
                        Ok(Some(chunk)) => {
                            this.seen += 1;
                            this.patience = None;
                            return Poll::Ready(Some(Ok(chunk)));
                        }
                        Err(error) => Err(error),
                    }
                }
                Poll::Ready(Some(Err(error))) => Err(error),
                Poll::Ready(None) => this.decoder.end(false, &this.origin),
            };
            this.ended = true;
            return Poll::Ready(last.map_err(|error| this.explained(error)).transpose());
        }
    }
}

impl<D> Decoding<D> {
    /// Returns the error, unless its only cause is that the input ended in the middle of an event. As with any other
    /// truncated response, nothing is wrong with the request, and a retry may well succeed.
    fn explained(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Decode || !self.events.is_cut() {
            return error;
        }
        let message = format!("the stream ended in the middle of an event, after {} chunks", self.seen);
        let cut = Error::new(ErrorKind::Incomplete, message).with_retryable(true);
        match error.service() {
            Some(service) => cut.with_service(service.clone()),
            None => cut,
        }
        .with_source(error)
    }

    /// Waits briefly for the end of a complete response: only a connection whose response was read to the end can be
    /// reused.
    fn poll_end(&mut self, cx: &mut task::Context<'_>) -> Poll<()> {
        if self.events.poll_next(cx).is_ready() {
            return Poll::Ready(());
        }
        let clock = &self.clock;
        self.last_words.get_or_insert_with(|| clock.sleep(LAST_WORDS)).as_mut().poll(cx)
    }

    /// Polls for the next event, within the time limit for the next chunk: some events only keep the connection alive.
    fn poll_event(&mut self, cx: &mut task::Context<'_>) -> Poll<Option<Result<Event>>> {
        if let Poll::Ready(event) = self.events.poll_next(cx) {
            return Poll::Ready(event);
        }
        let Some((limit, timer)) = &self.limit.0 else { return Poll::Pending };
        let patience = self.patience.get_or_insert_with(|| timer.sleep(*limit));
        ready!(patience.as_mut().poll(cx));
        Poll::Ready(Some(Err(out_of_patience(*limit, self.seen))))
    }
}

#[cfg(test)]
mod tests {
    use catena_core::fakes::FakeTimer;
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_body_is_known_by_its_beginning() {
        for (bytes, expected) in [
            ("", None),
            (" \r\n", None),
            ("\u{FEFF}", None),
            ("\u{FEFF}\ndat", None),
            ("data:", Some(true)),
            ("\n\nevent: x", Some(true)),
            (": busy", Some(true)),
            ("{", Some(false)),
            ("date", Some(false)),
            ("<html>", Some(false)),
        ] {
            assert_eq!(begins_as_events(bytes.as_bytes()), expected, "{bytes:?}");
        }
        assert_eq!(begins_as_events(b"\xEF"), None);
        for (bytes, whole) in [
            ("data: {", false),
            (": <busy>", false),
            ("odd: field", false),
            ("\n {\"error\"", true),
            ("\u{FEFF}<html>", true),
            ("[", true),
        ] {
            assert_eq!(is_whole(bytes.as_bytes()), Some(whole), "{bytes:?}");
        }
        for undecided in [&b""[..], b"\n\n", b"\xEF\xBB", b"\xEF\xBB\xBF\r"] {
            assert_eq!(is_whole(undecided), None, "{undecided:?}");
        }
        assert_eq!(is_whole(&[b' '; MOST_SPACE]), Some(false));
        assert_eq!(begins_as_events(&[b' '; MOST_SPACE - 1]), None);
        assert_eq!(begins_as_events(&[b' '; MOST_SPACE]), Some(false));
    }

    /// Its events are its chunks, but for pings.
    struct Echo;

    impl StreamDecoder for Echo {
        type Chunk = String;

        fn event(&mut self, name: Option<&str>, data: &str, _origin: &Origin) -> Result<Option<String>> {
            Ok((name != Some("ping")).then(|| data.to_owned()))
        }

        fn end(&mut self, _marked: bool, _origin: &Origin) -> Result<Option<String>> {
            Ok(None)
        }

        fn whole(&mut self, _body: &[u8], _origin: &Origin) -> Result<String> {
            Ok(String::new())
        }
    }

    #[test]
    fn what_keeps_a_connection_alive_is_no_chunk() {
        let (send, mut arrived) = tokio::sync::mpsc::unbounded_channel();
        let body = stream::poll_fn(move |cx| arrived.poll_recv(cx));
        let events = Events::Arriving(Arriving::Events(decode_events(body, 1000)));
        let fake = FakeTimer::new();
        let timer: Arc<dyn Timer> = Arc::new(fake.clone());
        let limit = ChunkLimit::new(Some(Duration::from_secs(10)), &timer);
        let mut chunks = decode_chunks(events, Echo, Origin::default(), limit, &timer);
        let mut after = |seconds, event: &'static str| {
            fake.advance(Duration::from_secs(seconds));
            send.send(Ok(Bytes::from(event))).expect("a reader");
            chunks.next().now_or_never().map(|chunk| chunk.expect("more").map_err(|error| error.kind()))
        };
        let (chunk, ping) = ("data: a\n\n", "event: ping\ndata: {}\n\n");
        assert_eq!(after(0, ping), None);
        // The time begins anew with a chunk,
        for _ in 0..3 {
            assert_eq!(after(6, chunk), Some(Ok("a".to_owned())));
            assert_eq!(after(3, ping), None);
        }
        // and with nothing else.
        assert_eq!(after(6, ping), None);
        assert_eq!(after(6, ping), Some(Err(ErrorKind::Timeout)));
    }
}
