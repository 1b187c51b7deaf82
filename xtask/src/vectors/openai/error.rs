//! Errors by the kinds that recordings know.

use catena::{Error, ErrorKind, ServiceError};
use serde_json::Value;

/// Where an error differs from `{"kind", "status"?, "code"?, "server_message"?, "request_id"?}`.
pub(super) fn difference(expected: &Value, got: &Error) -> Option<String> {
    let kind = expected["kind"].as_str().unwrap_or_default();
    if !kinds(got).contains(&kind) {
        return Some(format!("the error is {:?}, not {kind}: {got}", got.kind()));
    }
    let none = ServiceError::default();
    let service = got.service().unwrap_or(&none);
    let status = service.status.map(Value::from);
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let facts = [
        ("status", status),
        ("code", text(&service.code)),
        ("server_message", text(&service.message)),
        ("request_id", text(&service.request_id)),
    ];
    facts.into_iter().find_map(|(name, got)| {
        let got = got.unwrap_or_default();
        // We read messages where the recorded client finds none.
        let same = expected
            .get(name)
            .is_none_or(|expected| *expected == got || (expected.is_null() && name == "server_message"));
        (!same).then(|| format!("the error's {name} is {got} instead of {}", expected[name]))
    })
}

/// What recordings may call an error.
pub(super) fn kinds(error: &Error) -> &'static [&'static str] {
    let unprocessable = error.service().is_some_and(|service| service.status == Some(422));
    match error.kind() {
        ErrorKind::BadRequest if unprocessable => &["unprocessable"],
        ErrorKind::BadRequest => &["bad_request"],
        ErrorKind::Authentication => &["authentication"],
        ErrorKind::PermissionDenied => &["permission_denied"],
        ErrorKind::NotFound => &["not_found"],
        ErrorKind::Conflict => &["conflict"],
        ErrorKind::RateLimit | ErrorKind::QuotaExceeded => &["rate_limit"],
        ErrorKind::Server => &["server"],
        ErrorKind::HttpStatus => &["http_status"],
        ErrorKind::ContextOverflow => &["context_overflow"],
        ErrorKind::Timeout => &["timeout"],
        // A stream that is cut is a lost connection to those who do not tell these apart.
        ErrorKind::Connection | ErrorKind::Incomplete | ErrorKind::Tls => &["connection"],
        ErrorKind::Stream => &["stream_error"],
        ErrorKind::Decode => &["decode"],
        ErrorKind::InvalidResponse => &["invalid_response"],
        ErrorKind::Config => &["config", "invalid_argument"],
        ErrorKind::InvalidInput | ErrorKind::Unsupported => &["invalid_argument"],
        ErrorKind::OutputTruncated => &["output_truncated"],
        ErrorKind::Refusal => &["refusal"],
        ErrorKind::ContentFilter => &["content_filter"],
        ErrorKind::Parse => &["output_parse", "output_validation"],
        _ => &[],
    }
}
