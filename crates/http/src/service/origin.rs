//! Metadata of a response, for messages and errors.

use std::fmt;
use std::sync::Arc;

use catena_core::ServiceError;
use http::HeaderMap;

use super::excerpt::bounded;
use super::redactor::Redactor;
use crate::request::Headers;

/// Maximum length of the body that an error keeps, in bytes.
pub const MAX_ERROR_TEXT: usize = 2048;

/// Metadata of a response. Clones are cheap.
///
/// # Example
/// ```
/// use catena_http::service::Origin;
/// let origin = Origin { request_id: Some("req_1".into()), status: Some(200), ..Origin::default() };
/// assert_eq!(origin.service_error("{}").request_id.as_deref(), Some("req_1"));
/// ```
#[derive(Clone, Default)]
pub struct Origin {
    /// The ID under which the service logged the request.
    pub request_id: Option<String>,
    /// The status.
    pub status: Option<u16>,
    /// The headers, redacted.
    pub headers: Arc<HeaderMap>,
    /// Removes the key from text that the service sent.
    pub redactor: Redactor,
}

impl Origin {
    /// Creates the details of an error in the body of a successful response. The body is redacted and truncated.
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
