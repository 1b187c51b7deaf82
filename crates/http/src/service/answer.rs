//! Answers in one piece, and answers to be read piece by piece.

use bytes::Bytes;

use super::origin::Origin;
use crate::body::Body;

/// A successful answer.
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
    /// Where it comes from: status, headers, request id.
    pub origin: Origin,
}

/// A successful answer whose body has not been read yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Download {
    /// Where it comes from: status, headers, request id.
    pub origin: Origin,
    /// The bytes as they arrive, without a limit in size.
    pub body: Body,
}
