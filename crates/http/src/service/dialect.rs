//! The provider-specific parts of a service's protocol.

use std::fmt::Debug;

use catena_core::{Error, RateLimits, Result};
use http::{HeaderMap, HeaderName};

use super::failed_answer::FailedAnswer;
use super::origin::Origin;

/// Parsed once, because they are looked up in every response.
static REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("request-id")];

/// How a service reports errors and names its headers: everything provider-specific that a [`Service`](super::Service)
/// needs.
///
/// # Contract
/// Pure functions: they perform no I/O, do not block, and do not fail on any input.
///
/// # Errors
/// The error of `decode_error` states whether a retry may help; [`FailedAnswer::error`] derives that from the status.
/// The service's hints in `x-should-retry`, `retry-after` or `retry-after-ms` are added afterwards.
///
/// # Wrappers
/// None.
///
/// # Example
/// ```
/// use catena_core::{Error, ServiceError};
/// use catena_http::service::{Dialect, FailedAnswer};
///
/// #[derive(Debug)]
/// struct PlainText;
///
/// impl Dialect for PlainText {
///     fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
///         let message = format!("HTTP {}: {}", answer.status(), answer.body());
///         answer.error(answer.kind(), message, ServiceError::default())
///     }
/// }
/// ```
pub trait Dialect: Debug + Send + Sync {
    /// Converts an unsuccessful response to an error.
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error;

    /// Returns the ID under which the service logged the request. By default, the value of `x-request-id` or
    /// `request-id`.
    fn request_id<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        REQUEST_IDS.iter().find_map(|name| headers.get(name)?.to_str().ok())
    }

    /// Returns the rate limits reported in the headers. By default, those of [`RateLimits::from_headers`].
    fn rate_limits(&self, headers: &HeaderMap) -> RateLimits {
        let named = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-ratelimit-"));
        RateLimits::from_headers(
            named.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
        )
    }
}

/// Decodes a streaming response. Each response is decoded by its own value.
///
/// # Contract
/// As for [`Dialect`]. Chunks are delivered as soon as they are complete.
///
/// # Errors
/// An error ends the stream. Errors that the service reports within it are never retried by the client.
///
/// # Example
/// ```
/// use catena_core::Result;
/// use catena_http::service::{Origin, StreamDecoder};
///
/// /// Every event is a piece of text.
/// struct Texts;
///
/// impl StreamDecoder for Texts {
///     type Chunk = String;
///     fn event(&mut self, _name: Option<&str>, data: &str, _origin: &Origin) -> Result<Option<String>> {
///         Ok((!data.is_empty()).then(|| data.to_owned()))
///     }
///     fn end(&mut self, _marked: bool, _origin: &Origin) -> Result<Option<String>> {
///         Ok(None)
///     }
///     fn whole(&mut self, body: &[u8], _origin: &Origin) -> Result<String> {
///         Ok(String::from_utf8_lossy(body).into_owned())
///     }
/// }
/// ```
pub trait StreamDecoder: Send {
    /// The type that events are decoded to.
    type Chunk: Send;

    /// Decodes an event: its name, if it has one, and its data. Returns `None` for an event that adds nothing.
    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<Self::Chunk>>;

    /// Returns true once the events form a complete response, so that its end need not be awaited.
    ///
    /// By default, a response lasts until the events end or until one is `[DONE]`.
    fn is_complete(&self) -> bool {
        false
    }

    /// Called at the end of the events.
    ///
    /// `marked` is true if the service sent `[DONE]` or the response was [complete](Self::is_complete). An incomplete
    /// response should be reported as an error.
    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<Self::Chunk>>;

    /// Decodes the body of a server that does not stream, although it was asked to.
    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<Self::Chunk>;
}
