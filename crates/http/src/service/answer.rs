//! Successful responses: complete, or to be streamed.

use bytes::Bytes;

use super::origin::Origin;
use crate::body::Body;

/// A successful response with its complete body.
///
/// # Example
/// ```
/// use catena_http::service::Answer;
/// fn text(answer: &Answer) -> String {
///     String::from_utf8_lossy(&answer.body).into_owned()
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The body.
    pub body: Bytes,
    /// Metadata of the response: status, headers, request ID.
    pub origin: Origin,
}

/// A successful response whose body has not been read yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Download {
    /// Metadata of the response: status, headers, request ID.
    pub origin: Origin,
    /// The body as a stream, without a size limit.
    pub body: Body,
}
