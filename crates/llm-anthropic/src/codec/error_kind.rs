//! Classifies errors: their kind, and whether they are retryable.

use catena_core::ErrorKind;
use catena_http::service::kind_of_status;

use super::error_body::ErrorBody;

/// The service's messages for inputs that are too long.
const OVERFLOW: [&str; 4] = [
    "prompt is too long",
    "exceed context limit",
    "exceeds the context window",
    // LiteLLM's name for it, whatever the service behind it.
    "ContextWindowExceededError",
];

/// Returns the kind for an unsuccessful status.
pub(super) fn of_status(status: u16, body: &ErrorBody) -> ErrorKind {
    if is_quota(body) {
        ErrorKind::QuotaExceeded
    } else if status == 400 && mentions_overflow(body) {
        ErrorKind::ContextOverflow
    } else {
        kind_of_status(status)
    }
}

/// Returns the kind of an error inside a successful response; `otherwise` if the body does not tell.
pub(super) fn of_body(body: &ErrorBody, otherwise: ErrorKind) -> ErrorKind {
    if mentions_overflow(body) { ErrorKind::ContextOverflow } else { otherwise }
}

/// Returns whether an error inside a successful response is retryable.
pub(super) fn is_retryable_body(body: &ErrorBody) -> bool {
    let transient = ["api_error", "overloaded_error", "rate_limit_error", "timeout_error"];
    !is_quota(body) && body.error_type.as_deref().is_some_and(|kind| transient.contains(&kind))
}

/// Returns true if waiting does not help: the account is empty, or a spending limit is reached.
fn is_quota(body: &ErrorBody) -> bool {
    let spent = |code: &str| code.ends_with("spend_limit_reached");
    body.error_type.as_deref() == Some("billing_error")
        || body.code.as_deref().is_some_and(spent)
        || body.text().is_some_and(|text| text.contains("credit balance is too low"))
}

fn mentions_overflow(body: &ErrorBody) -> bool {
    body.text().is_some_and(|text| OVERFLOW.iter().any(|words| text.contains(words)))
}
