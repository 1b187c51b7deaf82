//! Where an answer comes from, for its metadata and its errors.

use catena_core::ServiceError;

use super::excerpt::bounded;
use crate::redactor::Redactor;

/// The most of a body that an error keeps, in bytes.
pub(super) const MAX_BODY: usize = 2048;

/// What is known about an answer beside its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// The id under which the service logged the request.
    pub(crate) request_id: Option<String>,
    /// Removes the key from what the service sent.
    pub(crate) redactor: Redactor,
}

impl Origin {
    /// The details of an error in the body of a successful answer.
    pub(super) fn service_error(&self, body: &str) -> ServiceError {
        ServiceError {
            status: Some(200),
            request_id: self.request_id.clone(),
            body: Some(bounded(&self.redactor.clean_body(body), MAX_BODY)),
            ..ServiceError::default()
        }
    }
}
