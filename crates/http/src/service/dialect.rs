//! What a provider tells the client about its service.

use std::fmt::Debug;

use catena_core::{Error, RateLimits, Result};
use http::{HeaderMap, HeaderName};

use super::failed_answer::FailedAnswer;
use super::origin::Origin;

/// Read once and for all: they are looked for in every answer.
static REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("request-id")];

/// How a service reports errors, and what it calls its headers: all that a [`Service`](super::Service) must be told.
///
/// # Contract
/// Pure functions: no I/O, no waiting, no failing, whatever the bytes are.
///
/// # Errors
/// The error of `decode_error` says whether trying again may help; [`FailedAnswer::error`] decides that by the status. A
/// wish of the service in `x-should-retry`, `retry-after` or `retry-after-ms` is added afterwards.
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
    /// The error that an unsuccessful answer stands for.
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error;

    /// The id under which the service logged the request: by default of `x-request-id` or `request-id`.
    fn request_id<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        REQUEST_IDS.iter().find_map(|name| headers.get(name)?.to_str().ok())
    }

    /// What the headers say about the limits: by default those of [`RateLimits::from_headers`].
    fn rate_limits(&self, headers: &HeaderMap) -> RateLimits {
        let named = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-ratelimit-"));
        RateLimits::from_headers(
            named.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
        )
    }
}

/// Decodes the answer to a call that asked for a stream. One value decodes one answer.
///
/// # Contract
/// As for [`Dialect`]. Chunks are delivered as soon as they are complete.
///
/// # Errors
/// An error ends the stream. What the service reported inside it is never retried by the client.
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
    /// What the events become.
    type Chunk: Send;

    /// One event: its name, if it has one, and its data. `None` for an event that adds nothing.
    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<Self::Chunk>>;

    /// Whether the events so far are a complete answer, so that nobody has to wait for the server to end it. By default an
    /// answer lasts until the events end, or until one is `[DONE]`.
    fn is_complete(&self) -> bool {
        false
    }

    /// The end of the events; `marked` if the service said `[DONE]` or the answer was
    /// [complete](Self::is_complete) before. An answer that is not complete is an error.
    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<Self::Chunk>>;

    /// The body of a server that answers in one piece although it was asked to stream.
    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<Self::Chunk>;
}
