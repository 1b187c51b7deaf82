//! An unsuccessful response, and the parts of its error that are common to all services.

use catena_core::{Error, ErrorKind, ServiceError};
use http::{HeaderMap, Uri};

use super::excerpt::bounded;
use super::origin::{MAX_ERROR_TEXT, Origin};

/// A response with an unsuccessful status, for a [`Dialect`](super::Dialect) to convert to an error.
///
/// # Example
/// ```
/// use catena_core::{ErrorKind, ServiceError};
/// use catena_http::service::{FailedAnswer, Origin};
/// let origin = Origin { request_id: Some("req_1".into()), ..Origin::default() };
/// let failed = FailedAnswer::new(503, &origin, "busy");
/// let error = failed.error(failed.kind(), "the service is busy", ServiceError::default());
/// assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Server, true));
/// assert_eq!(error.service().and_then(|service| service.body.as_deref()), Some("busy"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FailedAnswer<'a> {
    status: u16,
    body: &'a str,
    origin: &'a Origin,
    url: Option<&'a Uri>,
}

impl<'a> FailedAnswer<'a> {
    /// Creates a response with this status and body. If the body is an event, its data is taken. The body must be
    /// redacted already.
    pub fn new(status: u16, origin: &'a Origin, body: &'a str) -> Self {
        Self { status, body: event_data(body).unwrap_or(body), origin, url: None }
    }

    /// Sets the URL of the request, which the error names if the service does not know it (404, 405).
    #[must_use]
    pub(super) fn with_url(self, url: &'a Uri) -> Self {
        Self { url: Some(url), ..self }
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &'a HeaderMap {
        &self.origin.headers
    }

    /// Returns the start of the body as text, redacted.
    pub fn body(&self) -> &'a str {
        self.body
    }

    /// Returns the metadata of the response.
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// Returns the error kind that corresponds to the status.
    pub fn kind(&self) -> ErrorKind {
        kind_of_status(self.status)
    }

    /// Returns the target of a redirect, truncated and without its query; `None` if the response is not a redirect.
    pub fn redirect(&self) -> Option<String> {
        let location = self.headers().get("location")?.to_str().ok()?;
        let location = location.split(['?', '#']).next().unwrap_or_default();
        (300..400).contains(&self.status).then(|| bounded(&self.origin.redactor.clean(location), 200))
    }

    /// Returns the URL of the request, truncated and without its query, if the service does not know it.
    fn unknown_url(&self) -> Option<String> {
        let url = self.url.filter(|_| matches!(self.status, 404 | 405))?;
        let text = format!("{}://{}{}", url.scheme_str()?, url.authority()?, url.path());
        Some(bounded(&self.origin.redactor.clean(text), 200))
    }

    /// Creates the error of this response.
    ///
    /// Adds status, request ID, truncated body and rate-limit headers to `details`. To the message it adds the target
    /// of a redirect, and the URL if the service does not know it (404, 405). The status determines whether a retry may
    /// help, except that an exhausted quota is never retried.
    pub fn error(&self, kind: ErrorKind, message: impl Into<String>, details: ServiceError) -> Error {
        let mut message = message.into();
        if let Some(location) = self.redirect() {
            message
                .push_str(&format!("; it redirects to `{location}`: make that the base URL if it is right"));
        }
        if let Some(url) = self.unknown_url() {
            message.push_str(&format!("; the URL was `{url}`"));
        }
        let service = ServiceError {
            status: Some(self.status),
            request_id: self.origin.request_id.clone(),
            body: Some(bounded(self.body, MAX_ERROR_TEXT)),
            rate_limits: rate_limit_headers(self.headers()),
            ..details
        };
        let retryable = kind != ErrorKind::QuotaExceeded && is_transient(self.status);
        Error::new(kind, message).with_service(service).with_retryable(retryable)
    }
}

/// Returns the error kind that corresponds to a status.
///
/// # Example
/// ```
/// use catena_core::ErrorKind;
/// use catena_http::service::kind_of_status;
/// assert_eq!(kind_of_status(429), ErrorKind::RateLimit);
/// assert_eq!(kind_of_status(418), ErrorKind::HttpStatus);
/// ```
pub fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        400 | 422 => ErrorKind::BadRequest,
        401 => ErrorKind::Authentication,
        403 => ErrorKind::PermissionDenied,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimit,
        500.. => ErrorKind::Server,
        _ => ErrorKind::HttpStatus,
    }
}

/// Returns true for statuses after which a retry may succeed: 408, 409, 429, and 500 and above.
///
/// # Example
/// ```
/// use catena_http::service::is_transient;
/// assert!(is_transient(529) && !is_transient(400));
/// ```
pub fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500..)
}

/// Returns the data of the first event if the body consists of events: gateways respond this way when a stream fails
/// before it starts.
fn event_data(body: &str) -> Option<&str> {
    let is_event = ["data:", "event:"].iter().any(|field| body.trim_start().starts_with(field));
    body.lines().filter(|_| is_event).find_map(|line| line.trim_start().strip_prefix("data:")).map(str::trim)
}

/// Returns the headers about remaining quota, waiting time and retries.
fn rate_limit_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let limits = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        name.contains("ratelimit") || name.starts_with("retry-after") || name == "x-should-retry"
    });
    limits.filter_map(|(name, value)| Some((name.to_string(), bounded(value.to_str().ok()?, 200)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_taken_for_its_data() {
        for (body, expected) in [
            ("data: {\"error\":1}\n\ndata: [DONE]\n\n", "{\"error\":1}"),
            ("event: error\r\ndata:why\r\n\r\n", "why"),
            ("the data: none", "the data: none"),
            ("event: nothing", "event: nothing"),
            ("", ""),
        ] {
            assert_eq!(FailedAnswer::new(500, &Origin::default(), body).body(), expected, "{body}");
        }
    }
}
