//! The seam between the client and whatever moves the bytes.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use catena_core::Result;

use crate::body::Body;

/// What [`HttpTransport::send`] returns: the head of the answer, and its body as it arrives.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<http::Response<Body>>> + Send>>;

/// Sends one HTTP request and returns the answer. The client's limits and timeouts are laid around it.
///
/// The default transport is hyper. Another one serves for tests, for recording, or for a platform with its own stack.
///
/// # Contract
/// * The future may be polled on any executor and any thread, and so may the body it returns.
/// * The request has an absolute URL with the scheme `http` or `https`.
/// * The future completes when the status and the headers have arrived; the body streams.
/// * Redirects are not followed, and nothing is sent again but what [`HttpClient::send`](crate::HttpClient::send) says.
///
/// # Errors
/// `Connection`, `Tls`, `Timeout` and the like. Messages name the host and hold no secrets: no header values, no
/// credentials of a URL or proxy.
///
/// # Cancellation
/// Dropping the future or the body closes the connection or resets the stream.
///
/// # Wrappers
/// A transport that wraps another passes the body on as it arrives, without gathering it.
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
    /// Sends `request` once the future is first polled.
    fn send(&self, request: http::Request<Bytes>) -> ResponseFuture;
}
