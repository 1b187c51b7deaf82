//! From the body of a streamed answer to chunks.

use bytes::{Bytes, BytesMut};
use catena_core::{Error, ErrorKind, Result};
use catena_http::{Body, EventStream, Response, decode_events};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};

use crate::codec::{Origin, StreamDecoder};

/// Limits for answers that do not say that they are event streams; the client's own hold for those that do.
const MAX_EVENT: usize = 8 << 20;
const MAX_BODY: usize = 64 << 20;

/// The answer to a request for a stream.
pub(crate) enum Answer {
    Events(EventStream),
    /// The server does not stream.
    Whole(Bytes),
}

impl Answer {
    /// Tells events from a plain answer: by the content type, or by how the body begins where the type says otherwise.
    ///
    /// # Errors
    /// Those of reading the body.
    pub(crate) async fn of(response: Response) -> Result<Self> {
        let kind = response.header("content-type").unwrap_or_default();
        if kind.trim_start().starts_with("text/event-stream") {
            return Ok(Self::Events(response.events()));
        }
        let mut body = response.into_body();
        let mut start = BytesMut::new();
        while let Some(frame) = body.next().await.transpose()? {
            start.extend_from_slice(&frame);
            match begins_as_events(&start) {
                Some(true) => {
                    let bytes = stream::iter([Ok(start.freeze())]).chain(body);
                    return Ok(Self::Events(decode_events(bytes, MAX_EVENT)));
                }
                Some(false) => return gather(start, body).await.map(Self::Whole),
                None => {}
            }
        }
        Ok(Self::Whole(start.freeze()))
    }
}

/// Whether a body that begins so is an event stream; `None` while that cannot be told.
fn begins_as_events(bytes: &[u8]) -> Option<bool> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let fields: [&[u8]; 5] = [b":", b"data:", b"event:", b"id:", b"retry:"];
    if fields.iter().any(|field| bytes.starts_with(field)) {
        return Some(true);
    }
    let undecided = fields.iter().any(|field| field.starts_with(bytes)) || b"\xEF\xBB\xBF".starts_with(bytes);
    if undecided { None } else { Some(false) }
}

async fn gather(mut start: BytesMut, mut body: Body) -> Result<Bytes> {
    while let Some(frame) = body.next().await.transpose()? {
        if start.len() + frame.len() > MAX_BODY {
            let message = format!("the body of the answer is larger than {MAX_BODY} bytes");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        start.extend_from_slice(&frame);
    }
    Ok(start.freeze())
}

/// Decodes an answer to its end, or to the first error.
pub(crate) fn event_chunks<'a, D>(
    answer: Answer,
    mut decoder: D,
    origin: Origin,
) -> BoxStream<'a, Result<D::Chunk>>
where
    D: StreamDecoder + 'a,
{
    match answer {
        Answer::Whole(body) => stream::iter([decoder.whole(&body, &origin)]).boxed(),
        Answer::Events(events) => stream::unfold(Some((events, decoder, origin)), next_chunk).boxed(),
    }
}

type State<D> = Option<(EventStream, D, Origin)>;

async fn next_chunk<D: StreamDecoder>(state: State<D>) -> Option<(Result<D::Chunk>, State<D>)> {
    let (mut events, mut decoder, origin) = state?;
    loop {
        let last = match events.next().await {
            Some(Ok(event)) if event.is_done() => {
                // The connection can be used again only if its answer was read to the end, which is here by now or late.
                let _ = events.next().now_or_never();
                decoder.end(true, &origin)
            }
            Some(Ok(event)) => match decoder.event(event.event.as_deref(), &event.data, &origin) {
                Ok(None) => continue,
                Ok(Some(chunk)) => return Some((Ok(chunk), Some((events, decoder, origin)))),
                Err(error) => Err(error),
            },
            Some(Err(error)) => Err(error),
            None => decoder.end(false, &origin),
        };
        return last.transpose().map(|last| (last, None));
    }
}

#[cfg(test)]
mod tests {
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
    }
}
