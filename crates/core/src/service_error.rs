//! What a remote service reported when a call failed.

use std::fmt;

use crate::RateLimits;

/// The details of an unsuccessful response, as far as the service provided them.
///
/// `Debug` prints all fields: the crate that fills them in must have truncated and redacted the body.
///
/// # Example
/// ```
/// use catena_core::{Error, ErrorKind, ServiceError};
/// let service = ServiceError { status: Some(429), code: Some("rate_limit_exceeded".into()), ..Default::default() };
/// let error = Error::new(ErrorKind::RateLimit, "too many requests").with_service(service);
/// assert_eq!(error.service().and_then(|service| service.status), Some(429));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// The HTTP status code.
    pub status: Option<u16>,
    /// The service's machine-readable error code, such as `invalid_api_key`.
    pub code: Option<String>,
    /// The service's error type, such as `invalid_request_error`.
    pub error_type: Option<String>,
    /// The request parameter at fault.
    pub param: Option<String>,
    /// The service's error message.
    pub message: Option<String>,
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// The response body, truncated and redacted.
    pub body: Option<String>,
    /// The response headers about rate limits and retrying, with names in lower case.
    pub rate_limits: Vec<(String, String)>,
}

impl ServiceError {
    /// Parses the rate-limit headers.
    pub fn limits(&self) -> RateLimits {
        RateLimits::from_headers(self.rate_limits.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "HTTP {status}")?,
            None => f.write_str("service error")?,
        }
        for (label, value) in
            [("code", &self.code), ("type", &self.error_type), ("request id", &self.request_id)]
        {
            if let Some(value) = value {
                write!(f, ", {label} {value}")?;
            }
        }
        Ok(())
    }
}
