//! Classifies errors: their kind, and whether they are retryable.

use catena_core::ErrorKind;
use catena_http::service::{is_transient, kind_of_status};

use super::error_body::ErrorBody;

/// Error codes of quotas that waiting does not restore.
const QUOTA: [&str; 8] = [
    // LiteLLM.
    "budget_exceeded",
    "billing_not_active",
    "insufficient_quota",
    // New API.
    "insufficient_user_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
];

/// Messages of servers without an error code for inputs that are too long, which count for statuses of invalid requests.
const OVERFLOW: [&str; 8] = [
    "context_length_exceeded",
    "Input tokens exceed the configured limit",
    "prompt is too long",
    "ContextWindowExceededError",
    "maximum context length",
    // SGLang.
    "longer than the model's context length",
    // Text Generation Inference, and the same for embeddings.
    "`inputs` tokens + `max_new_tokens` must be <=",
    "`inputs` must have less than",
];

/// Messages for inputs that are too long that count for any status: llama.cpp reports some as an internal error.
const OVERFLOW_OF_ANY_STATUS: [&str; 3] = [
    "exceeds the available context size",
    "exceeds the context window",
    "is too large to process. increase the physical batch size",
];

/// Returns the kind for an unsuccessful status.
pub(super) fn of_status(status: u16, body: &ErrorBody) -> ErrorKind {
    if is_overflow(body) || (matches!(status, 400 | 413 | 422) && mentions(body, &OVERFLOW)) {
        return ErrorKind::ContextOverflow;
    }
    if matches!(status, 403 | 429) && is_quota(body) {
        ErrorKind::QuotaExceeded
    } else {
        kind_of_status(status)
    }
}

/// Returns the kind of an error inside a successful response; `otherwise` if the body does not tell.
pub(super) fn of_body(body: &ErrorBody, otherwise: ErrorKind) -> ErrorKind {
    if is_overflow(body) || mentions(body, &OVERFLOW) {
        return ErrorKind::ContextOverflow;
    }
    match status_in(body) {
        // Within a stream the kind remains that of a stream error.
        Some(status) if otherwise != ErrorKind::Stream => of_status(status, body),
        _ => otherwise,
    }
}

/// Returns whether an error inside a successful response is retryable.
pub(super) fn is_retryable_body(body: &ErrorBody) -> bool {
    let transient = [
        "api_error",
        "internal_error",
        "internal_server_error",
        "server_error",
        "overloaded_error",
        "service_unavailable_error",
        "rate_limit_error",
        "rate_limit_exceeded",
        "server_is_overloaded",
        "slow_down",
        "timeout",
    ];
    let says = |word: &Option<String>| word.as_deref().is_some_and(|word| transient.contains(&word));
    let status = status_in(body).is_some_and(is_transient);
    !is_quota(body) && !is_overflow(body) && (status || says(&body.error_type) || says(&body.code))
}

/// Returns the status that a proxy repeats as the error's code.
fn status_in(body: &ErrorBody) -> Option<u16> {
    let status = body.code.as_deref()?.parse().ok()?;
    (400..600).contains(&status).then_some(status)
}

fn is_quota(body: &ErrorBody) -> bool {
    [&body.code, &body.error_type].into_iter().flatten().any(|word| QUOTA.contains(&word.as_str()))
        || says_quota(body)
}

/// Returns `true` for OpenAI's message about an exhausted quota, because some gateways drop its code and type. Gemini's
/// messages about rate limits start with the same words.
fn says_quota(body: &ErrorBody) -> bool {
    mentions(body, &["exceeded your current quota"])
        && !mentions(body, &["RESOURCE_EXHAUSTED", "ai.google.dev", "retry in"])
}

fn is_overflow(body: &ErrorBody) -> bool {
    body.code.as_deref() == Some("context_length_exceeded")
        || body.error_type.as_deref() == Some("exceed_context_size_error")
        || mentions(body, &OVERFLOW_OF_ANY_STATUS)
}

fn mentions(body: &ErrorBody, any: &[&str]) -> bool {
    body.text().is_some_and(|text| any.iter().any(|words| text.contains(words)))
}
