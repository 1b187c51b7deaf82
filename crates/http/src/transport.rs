//! The interface between the client and the transport.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use catena_core::Result;

use crate::body::Body;

/// The future returned by [`HttpTransport::send`]: the response head, with a streaming body.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<http::Response<Body>>> + Send>>;

/// Sends an HTTP request and returns the response. The client applies its time and size limits on top.
///
/// The default transport is hyper. Custom transports are useful for tests, for recording, and for platforms with their
/// own HTTP stack.
///
/// # Contract
/// * The future, and the body it returns, may be polled on any executor and any thread.
/// * The request has an absolute URL with the scheme `http` or `https`, and the length of its body among its headers.
/// * The future completes when the status and the headers have arrived; the body streams.
/// * Redirects are not followed, and requests are not retried except as described for
///   [`HttpClient::send`](crate::HttpClient::send).
///
/// # Errors
/// `Connection`, `Tls`, `Timeout` and the like. Messages name the host and contain no secrets: no header values, and no
/// credentials of a URL or proxy.
///
/// # Cancellation
/// Dropping the future or the body closes the connection or resets the HTTP/2 stream.
///
/// # Wrappers
/// A transport that wraps another passes the body through as it arrives, without buffering it.
///
/// # Example
/// ```
/// use bytes::Bytes;
/// use catena_http::{Body, HttpClient, HttpTransport, Request, ResponseFuture};
/// use std::sync::Arc;
///
/// #[derive(Debug)]
/// struct Echo;
///
/// impl HttpTransport for Echo {
///     fn send(&self, request: http::Request<Bytes>) -> ResponseFuture {
///         Box::pin(async move { Ok(http::Response::new(Body::from(request.into_body()))) })
///     }
/// }
///
/// # fn main() -> catena_core::Result<()> {
/// let client = HttpClient::builder().with_transport(Arc::new(Echo)).build()?;
/// let request = Request::post("http://echo.test/")?.with_body("hello");
/// let answer = pollster::block_on(async { client.send(request).await?.bytes().await })?;
/// assert_eq!(answer, "hello");
/// # Ok(())
/// # }
/// ```
pub trait HttpTransport: Debug + Send + Sync {
    /// Sends `request`. Nothing happens before the future is first polled.
    fn send(&self, request: http::Request<Bytes>) -> ResponseFuture;
}
