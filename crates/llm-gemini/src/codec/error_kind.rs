//! Classifies errors: their kind, and whether they are retryable.

use catena_core::ErrorKind;
use catena_http::service::{is_transient, kind_of_status};

use super::error_body::ErrorBody;

/// The service's messages for accounts that waiting does not refill.
const USED_UP: [&str; 3] = ["credits are depleted", "spending cap", "spending limit"];

/// Returns the kind for an unsuccessful status.
pub(super) fn of_status(status: u16, body: &ErrorBody) -> ErrorKind {
    match status {
        // This service reports a wrong key as a bad request.
        400 if is_bad_key(body) => ErrorKind::Authentication,
        400 | 413 if is_overflow(body) => ErrorKind::ContextOverflow,
        429 if is_quota(body) => ErrorKind::QuotaExceeded,
        status => kind_of_status(status),
    }
}

/// Returns the kind of an error inside a successful response; `otherwise` if the body does not tell.
pub(super) fn of_body(body: &ErrorBody, otherwise: ErrorKind) -> ErrorKind {
    match body.code.filter(|code| (400..600).contains(code)) {
        Some(400) if is_overflow(body) => ErrorKind::ContextOverflow,
        // Within a stream the kind remains that of a stream error.
        Some(status) if otherwise != ErrorKind::Stream => of_status(status, body),
        _ => otherwise,
    }
}

/// Returns whether an error inside a successful response is retryable.
pub(super) fn is_retryable_body(body: &ErrorBody) -> bool {
    let word = body.status.as_deref();
    let says = ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED"];
    !is_quota(body) && (body.code.is_some_and(is_transient) || word.is_some_and(|word| says.contains(&word)))
}

fn is_bad_key(body: &ErrorBody) -> bool {
    matches!(body.reason.as_deref(), Some("API_KEY_INVALID" | "API_KEY_EXPIRED"))
        || mentions(body, &["API key not valid", "API key expired", "API Key not found"])
}

fn is_overflow(body: &ErrorBody) -> bool {
    mentions(
        body,
        &["exceeds the maximum number of tokens", "input context is too long", "token count exceeds"],
    )
}

fn is_quota(body: &ErrorBody) -> bool {
    body.long_quota || mentions(body, &USED_UP)
}

fn mentions(body: &ErrorBody, words: &[&str]) -> bool {
    body.text().is_some_and(|text| words.iter().any(|words| text.contains(words)))
}
