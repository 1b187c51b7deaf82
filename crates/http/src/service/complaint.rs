//! Messages about failures of a service.

use std::fmt;

use catena_core::ErrorKind;

use super::excerpt::bounded;
use super::origin::MAX_ERROR_TEXT;

/// Maximum length of the service's error code, in bytes.
const MAX_WORD: usize = 100;

/// A one-line, human-readable error message: what happened, the status and error code, the service's explanation, and
/// what to do about it. Text from the service is truncated; it must be redacted already.
///
/// # Example
/// ```
/// use catena_core::ErrorKind;
/// use catena_http::service::Complaint;
/// let complaint = Complaint {
///     kind: ErrorKind::Authentication,
///     status: Some(401),
///     word: Some("invalid_api_key"),
///     reason: Some("Incorrect API key."),
///     advice: "check PARLEY_API_KEY",
/// };
/// assert_eq!(
///     complaint.to_string(),
///     "authentication failed (HTTP 401, invalid_api_key): Incorrect API key.; check PARLEY_API_KEY"
/// );
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Complaint<'a> {
    /// What happened.
    pub kind: ErrorKind,
    /// The status, unless it was successful.
    pub status: Option<u16>,
    /// The service's own error code or class.
    pub word: Option<&'a str>,
    /// The service's explanation.
    pub reason: Option<&'a str>,
    /// What the user can do about it; may be empty.
    pub advice: &'a str,
}

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(what_happened(self.kind))?;
        let status = self.status.map(|status| format!("HTTP {status}"));
        let facts: Vec<String> =
            status.into_iter().chain(self.word.map(|word| bounded(word, MAX_WORD))).collect();
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        write!(f, ": {}", bounded(self.reason.unwrap_or("it gives no reason"), MAX_ERROR_TEXT))?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

fn what_happened(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Authentication => "authentication failed",
        ErrorKind::PermissionDenied => "the service does not allow this",
        ErrorKind::NotFound => "not found",
        ErrorKind::Conflict => "the request conflicts with another",
        ErrorKind::RateLimit => "too many requests",
        ErrorKind::QuotaExceeded => "the account's quota is used up",
        ErrorKind::ContextOverflow => "the input is too long for the model",
        ErrorKind::Unsupported => "the model cannot do this",
        ErrorKind::BadRequest => "the service rejected the request",
        ErrorKind::Server => "the service failed",
        ErrorKind::Stream => "the service aborted its answer",
        ErrorKind::InvalidResponse => "the service answered with an error",
        _ => "the request failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: Option<u16>, word: Option<&str>, reason: Option<&str>, advice: &str, expected: &str) {
        let complaint = Complaint { kind: ErrorKind::Server, status, word, reason, advice };
        assert_eq!(complaint.to_string(), expected);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        check(Some(500), Some("oops"), Some("r"), "wait", "the service failed (HTTP 500, oops): r; wait");
        check(None, Some("oops"), Some("r"), "", "the service failed (oops): r");
        check(Some(500), None, None, "", "the service failed (HTTP 500): it gives no reason");
        check(None, None, None, "", "the service failed: it gives no reason");
    }

    #[test]
    fn it_is_bounded() {
        let long = "x".repeat(100_000);
        let complaint = Complaint {
            kind: ErrorKind::Stream,
            status: None,
            word: Some(&long),
            reason: Some(&long),
            advice: "",
        };
        assert!(complaint.to_string().len() < MAX_ERROR_TEXT + MAX_WORD + 100);
    }
}
