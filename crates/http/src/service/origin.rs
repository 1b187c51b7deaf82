//! Where an answer comes from, for its metadata and its errors.

use std::fmt;
use std::sync::Arc;

use catena_core::ServiceError;
use http::HeaderMap;

use super::excerpt::bounded;
use super::redactor::Redactor;
use crate::request::Headers;

/// The most of a body that an error keeps, in bytes.
pub const MAX_ERROR_TEXT: usize = 2048;

/// What is known about an answer beside its body. A cheap clone.
///
/// # Example
/// ```
/// use catena_http::service::Origin;
/// let origin = Origin { request_id: Some("req_1".into()), status: Some(200), ..Origin::default() };
/// assert_eq!(origin.service_error("{}").request_id.as_deref(), Some("req_1"));
/// ```
#[derive(Clone, Default)]
pub struct Origin {
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// The status.
    pub status: Option<u16>,
    /// The headers, with secrets taken out.
    pub headers: Arc<HeaderMap>,
    /// Removes the key from what the service sent.
    pub redactor: Redactor,
}

impl Origin {
    /// The details of an error in the body of a successful answer: the body is redacted and bounded.
    pub fn service_error(&self, body: &str) -> ServiceError {
        ServiceError {
            status: Some(self.status.unwrap_or(200)),
            request_id: self.request_id.clone(),
            body: Some(bounded(&self.redactor.clean_body(body), MAX_ERROR_TEXT)),
            ..ServiceError::default()
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("request_id", &self.request_id)
            .field("status", &self.status)
            .field("headers", &Headers(&self.headers))
            .finish_non_exhaustive()
    }
}
