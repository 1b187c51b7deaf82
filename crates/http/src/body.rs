//! A response body: a stream of bytes that can be polled on any executor.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use catena_core::Result;
use futures_core::Stream;
use futures_util::StreamExt;

use crate::timeout::Stall;

/// The body of a response, as a stream of bytes.
///
/// # Cancellation
/// Dropping the body before its end closes the connection or resets the HTTP/2 stream.
///
/// # Example
/// ```
/// use catena_http::Body;
/// use futures_util::StreamExt;
/// # futures_executor::block_on(async {
/// let mut body = Body::from("hello");
/// assert_eq!(body.next().await.unwrap().unwrap(), "hello");
/// assert!(body.next().await.is_none());
/// # });
/// ```
pub struct Body {
    /// Bytes that were peeked at but not yet yielded.
    peeked: Option<Bytes>,
    rest: Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>,
}

impl Body {
    /// Creates a body from a stream. After an error the stream should end.
    ///
    /// # Example
    /// ```
    /// use bytes::Bytes;
    /// use catena_http::Body;
    /// let body = Body::from_stream(futures_util::stream::iter([Ok(Bytes::from("a")), Ok(Bytes::from("b"))]));
    /// # drop(body);
    /// ```
    pub fn from_stream(stream: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self { peeked: None, rest: Box::pin(stream) }
    }

    /// Creates an empty body.
    pub fn empty() -> Self {
        Self::from_stream(futures_util::stream::empty())
    }

    /// Waits for the first bytes and leaves them in the body. Empty for an empty body.
    pub(crate) async fn peek(&mut self) -> Result<&[u8]> {
        while self.peeked.is_none() {
            match self.rest.next().await.transpose()? {
                Some(bytes) if bytes.is_empty() => {}
                Some(bytes) => self.peeked = Some(bytes),
                None => return Ok(&[]),
            }
        }
        Ok(self.peeked.as_deref().unwrap_or_default())
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self::from_stream(futures_util::stream::iter(std::iter::once(Ok(bytes))))
    }
}

impl Stream for Body {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.peeked.take() {
            Some(bytes) => Poll::Ready(Some(Ok(bytes))),
            None => self.rest.as_mut().poll_next(cx),
        }
    }
}

impl Stall for Body {
    /// Connections are the custom transport's concern.
    fn stalled(&self, _silence: Duration) {}
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}
