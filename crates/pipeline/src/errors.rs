//! Error kinds by name.

use std::sync::Arc;

use catena_core::{Error, ErrorKind, Result};

use crate::Spec;

/// A predicate on errors.
pub(crate) type ErrorTest = Arc<dyn Fn(&Error) -> bool + Send + Sync>;

const KINDS: [(&str, ErrorKind); 31] = [
    ("config", ErrorKind::Config),
    ("template", ErrorKind::Template),
    ("missing_key", ErrorKind::MissingKey),
    ("invalid_input", ErrorKind::InvalidInput),
    ("unsupported", ErrorKind::Unsupported),
    ("parse", ErrorKind::Parse),
    ("recursion_limit", ErrorKind::RecursionLimit),
    ("cancelled", ErrorKind::Cancelled),
    ("timeout", ErrorKind::Timeout),
    ("connection", ErrorKind::Connection),
    ("tls", ErrorKind::Tls),
    ("bad_request", ErrorKind::BadRequest),
    ("context_overflow", ErrorKind::ContextOverflow),
    ("authentication", ErrorKind::Authentication),
    ("permission_denied", ErrorKind::PermissionDenied),
    ("not_found", ErrorKind::NotFound),
    ("conflict", ErrorKind::Conflict),
    ("rate_limit", ErrorKind::RateLimit),
    ("quota_exceeded", ErrorKind::QuotaExceeded),
    ("budget_exceeded", ErrorKind::BudgetExceeded),
    ("server", ErrorKind::Server),
    ("http_status", ErrorKind::HttpStatus),
    ("stream", ErrorKind::Stream),
    ("incomplete", ErrorKind::Incomplete),
    ("decode", ErrorKind::Decode),
    ("invalid_response", ErrorKind::InvalidResponse),
    ("too_large", ErrorKind::TooLarge),
    ("refusal", ErrorKind::Refusal),
    ("content_filter", ErrorKind::ContentFilter),
    ("would_deadlock", ErrorKind::WouldDeadlock),
    ("other", ErrorKind::Other),
];

/// Reads a list of kinds and returns a predicate for errors of any of them.
pub(crate) fn any_of(spec: &Spec<'_>) -> Result<ErrorTest> {
    let tests = spec.items()?.iter().map(test).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(move |error| tests.iter().any(|test| test(error))))
}

fn test(spec: &Spec<'_>) -> Result<ErrorTest> {
    let name = spec.text()?;
    if let Some(test) = spec.loader().error_test(name) {
        return Ok(Arc::clone(test));
    }
    match name {
        "any" => Ok(Arc::new(|_| true)),
        "retryable" => Ok(Arc::new(Error::is_retryable)),
        _ => match KINDS.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) => Ok(Arc::new(|error| error.kind() == *kind)),
            None => Err(spec.error(format_args!("unknown error kind {name:.80?}"))),
        },
    }
}
