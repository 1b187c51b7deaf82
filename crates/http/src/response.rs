//! A response: status, headers, and a body to collect, to decode as events, or to stream.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use catena_core::{Result, SystemTimer};
use futures_util::StreamExt;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

use crate::body::Body;
use crate::failure;
use crate::request::Headers;
use crate::sse::{EventStream, decode_events};
use crate::timeout::{Clock, Timeout};

/// How long to wait for the text of an error.
const PATIENCE_WITH_ERRORS: Duration = Duration::from_secs(5);

/// An HTTP response whose body has not been read yet; it is received as it is read.
///
/// # Cancellation
/// Dropping the response, or the body or events made from it, closes the connection or resets the HTTP/2 stream.
///
/// # Example
/// ```
/// use bytes::Bytes;
/// use catena_http::{Body, HttpClient, HttpTransport, Request, ResponseFuture};
/// use std::sync::Arc;
///
/// /// Stands in for the network.
/// #[derive(Debug)]
/// struct NotFound;
///
/// impl HttpTransport for NotFound {
///     fn send(&self, _: http::Request<Bytes>) -> ResponseFuture {
///         let answer = http::Response::builder().status(404).header("x-request-id", "r1");
///         let answer = answer.body(Body::from("no such model"));
///         Box::pin(async move { answer.map_err(catena_core::Error::other) })
///     }
/// }
///
/// # futures_executor::block_on(async {
/// let client = HttpClient::builder().with_transport(Arc::new(NotFound)).build()?;
/// let response = client.send(Request::get("http://api.test/v1/models/m")?).await?;
/// assert_eq!(response.status(), 404);
/// assert_eq!(response.header("x-request-id"), Some("r1"));
/// assert_eq!(response.excerpt(7).await, "no such");
/// # Ok::<(), catena_core::Error>(())
/// # }).unwrap();
/// ```
pub struct Response {
    status: StatusCode,
    headers: Arc<HeaderMap>,
    body: Body,
    limits: Limits,
    /// Set for error responses, to bound the wait for their text.
    clock: Option<Clock>,
}

/// The size limits of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_body_bytes: usize,
    pub(crate) max_event_bytes: usize,
}

impl Response {
    pub(crate) fn new(head: http::response::Parts, body: Body, limits: Limits, clock: Option<Clock>) -> Self {
        Self { status: head.status, headers: Arc::new(head.headers), body, limits, clock }
    }

    /// Returns the status. [`HttpClient::send`](crate::HttpClient::send) returns `Ok` for every status, including 4xx
    /// and 5xx.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn shared_headers(&self) -> &Arc<HeaderMap> {
        &self.headers
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns a header's value, if present and visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Waits for the first bytes of the body and returns them without consuming them.
    ///
    /// Returns an empty slice for an empty body. Useful to detect the format of a body whose content type is
    /// unreliable.
    ///
    /// # Errors
    /// The errors of the body. An error returned here is consumed: reading on does not return it again.
    ///
    /// # Example
    /// ```
    /// # async fn example(mut response: catena_http::Response) -> catena_core::Result<()> {
    /// if response.peek().await?.starts_with(b"{") {
    ///     println!("{:?}", response.bytes().await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&mut self) -> Result<&[u8]> {
        self.body.peek().await
    }

    /// Collects the whole body.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](catena_core::ErrorKind::TooLarge) if the body exceeds the client's
    /// [`with_max_body_bytes`](crate::HttpClientBuilder::with_max_body_bytes), `Incomplete` if the connection ends
    /// before the body does or damages it, `Timeout` if the server stalls.
    pub async fn bytes(self) -> Result<Bytes> {
        let limit = self.limits.max_body_bytes;
        let announced = self.announced_length();
        if announced.is_some_and(|length| length > limit as u64) {
            return Err(failure::body_too_large(limit));
        }
        let mut body = self.body;
        let Some(first) = body.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(failure::body_too_large(limit));
        }
        let Some(second) = body.next().await.transpose()? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(frame) = next {
            if frame.len() > limit - all.len() {
                return Err(failure::body_too_large(limit));
            }
            all.extend_from_slice(&frame);
            next = body.next().await.transpose()?;
        }
        Ok(all.freeze())
    }

    /// Reads up to `max_bytes` of the body as text, for error messages.
    ///
    /// Never fails: bytes that are not UTF-8 become U+FFFD, and a body that breaks off or takes longer than five
    /// seconds yields what has arrived by then.
    pub async fn excerpt(self, max_bytes: usize) -> String {
        let mut body = self.body;
        let mut all = Vec::new();
        let read = async {
            while all.len() < max_bytes {
                let Some(Ok(frame)) = body.next().await else { break };
                let room = max_bytes - all.len();
                all.extend_from_slice(&frame[..frame.len().min(room)]);
            }
        };
        let clock = self.clock.unwrap_or_else(|| Clock::Timer(Arc::new(SystemTimer)));
        // A stalled server must not delay an error that is already certain: whatever has arrived by then is the
        // excerpt.
        let _ = Timeout::new(read, clock.alarm(PATIENCE_WITH_ERRORS)).await;
        // The cut may fall inside a character, which is not the server's fault.
        let cut = all.len() == max_bytes;
        let text = String::from_utf8_lossy(&all);
        if cut { text.trim_end_matches('\u{FFFD}').to_owned() } else { text.into_owned() }
    }

    /// Decodes the body as server-sent events. The size of each event is limited by the client's
    /// [`with_max_event_bytes`](crate::HttpClientBuilder::with_max_event_bytes); the size of the whole body is not.
    pub fn events(self) -> EventStream {
        decode_events(self.body, self.limits.max_event_bytes)
    }

    /// Returns the body as a stream, in chunks as received, without a size limit. Time limits still apply.
    pub fn into_body(self) -> Body {
        self.body
    }

    fn announced_length(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &Headers(&self.headers))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::{Error, ErrorKind};
    use futures_util::stream;

    fn response(frames: &[&'static [u8]], fails: bool, limit: usize) -> Response {
        let failure = fails.then(|| Err(Error::new(ErrorKind::Incomplete, "cut")));
        let frames: Vec<_> =
            frames.iter().map(|frame| Ok(Bytes::from_static(frame))).chain(failure).collect();
        let (head, ()) = http::Response::new(()).into_parts();
        let limits = Limits { max_body_bytes: limit, max_event_bytes: limit };
        Response::new(head, Body::from_stream(stream::iter(frames)), limits, None)
    }

    #[test]
    fn gathers_up_to_the_limit() {
        let gather =
            |frames: &[&'static [u8]], limit| pollster::block_on(response(frames, false, limit).bytes());
        assert_eq!(gather(&[], 0).expect("bytes"), "");
        assert_eq!(gather(&[b"abc"], 3).expect("bytes"), "abc");
        assert_eq!(gather(&[b"ab", b"", b"c"], 3).expect("bytes"), "abc");
        for frames in [&[&b"abcd"[..]][..], &[b"ab", b"cd"], &[b"abc", b"d", b"e"]] {
            assert_eq!(gather(frames, 3).expect_err("too large").kind(), ErrorKind::TooLarge);
        }
        let error = pollster::block_on(response(&[b"a"], true, 9).bytes()).expect_err("cut");
        assert_eq!(error.kind(), ErrorKind::Incomplete);
    }

    #[test]
    fn what_was_peeked_at_is_still_there() {
        pollster::block_on(async {
            let mut whole = response(&[b"", b"ab", b"c"], false, 9);
            assert_eq!(whole.peek().await.expect("bytes"), b"ab");
            assert_eq!(whole.peek().await.expect("bytes"), b"ab");
            assert_eq!(whole.bytes().await.expect("bytes"), "abc");
            assert_eq!(response(&[b""], false, 9).peek().await.expect("nothing"), b"");
            assert_eq!(response(&[], true, 9).peek().await.expect_err("cut").kind(), ErrorKind::Incomplete);
        });
    }

    #[test]
    fn an_excerpt_never_fails() {
        let excerpt = |frames: &[&'static [u8]], fails, max| {
            pollster::block_on(response(frames, fails, 1).excerpt(max))
        };
        assert_eq!(excerpt(&[b"hello"], false, 4), "hell");
        assert_eq!(excerpt(&[b"he", b"llo"], true, 100), "hello");
        assert_eq!(excerpt(&["é".as_bytes()], false, 1), "");
        assert_eq!(excerpt(&[b"a\xffb"], false, 100), "a\u{FFFD}b");
        assert_eq!(excerpt(&[], false, 100), "");
    }
}
