//! Errors of the service: unsuccessful responses, and errors inside successful ones.

use catena_core::{Error, ErrorKind, ServiceError};
use catena_http::service::{Complaint, FailedAnswer, MAX_ERROR_TEXT, bounded};

use super::error_body::ErrorBody;
use super::error_kind;
use super::origin::Origin;

/// Returns the error for an unsuccessful response. Never fails, whatever the body is.
pub(crate) fn decode_failure(answer: &FailedAnswer<'_>) -> Error {
    let read = ErrorBody::parse(answer.body());
    let kind = error_kind::of_status(answer.status(), &read);
    let message = describe(kind, Some(answer.status()), &read);
    let id = read.request_id.clone();
    let error = answer.error(kind, message, details(read));
    match (id, error.service()) {
        (Some(id), Some(service)) if service.request_id.is_none() => {
            let service = ServiceError { request_id: Some(id), ..service.clone() };
            error.with_service(service)
        }
        _ => error,
    }
}

/// Returns the error that a successful response contains instead of a message.
pub(super) fn error_in_answer(body: &str, origin: &Origin) -> Error {
    error_in_body(ErrorKind::InvalidResponse, body, Some(200), origin)
}

/// Returns the error that an event of a stream contains.
pub(super) fn error_in_event(data: &str, origin: &Origin) -> Error {
    error_in_body(ErrorKind::Stream, data, None, origin)
}

fn error_in_body(otherwise: ErrorKind, body: &str, status: Option<u16>, origin: &Origin) -> Error {
    let body = origin.redactor.clean_body(body);
    let read = ErrorBody::parse(&body);
    let kind = error_kind::of_body(&read, otherwise);
    let retryable = error_kind::is_retryable_body(&read);
    let message = describe(kind, None, &read);
    let service = ServiceError {
        status,
        request_id: origin.request_id.clone().or_else(|| read.request_id.clone()),
        body: Some(bounded(&body, MAX_ERROR_TEXT)),
        ..details(read)
    };
    Error::new(kind, message).with_service(service).with_retryable(retryable)
}

/// The details that the service's error contains.
fn details(read: ErrorBody) -> ServiceError {
    ServiceError {
        code: read.code,
        error_type: read.error_type,
        message: read.message,
        ..ServiceError::default()
    }
}

fn describe(kind: ErrorKind, status: Option<u16>, body: &ErrorBody) -> String {
    let word = body.code.as_deref().or(body.error_type.as_deref());
    let advice = match kind {
        ErrorKind::Authentication => "check ANTHROPIC_API_KEY, or the key given to `with_api_key`",
        ErrorKind::NotFound => "check the model's name and the base URL",
        _ => "",
    };
    Complaint { kind, status, word, reason: body.text(), advice }.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_http::service::Redactor;
    use catena_http::{HeaderName, HeaderValue};

    /// The error of an answer with these headers, as the client makes it.
    fn failure(status: u16, headers: &[(&'static str, &'static str)], body: &str, origin: Origin) -> Error {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let body = origin.redactor.clean_body(body);
        let origin = Origin { headers: std::sync::Arc::new(headers.iter().map(pair).collect()), ..origin };
        decode_failure(&FailedAnswer::new(status, &origin, &body))
    }

    #[track_caller]
    fn check(status: u16, body: &str, kind: ErrorKind, retryable: bool) {
        let error = failure(status, &[], body, origin());
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status} {body}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }

    #[test]
    fn the_status_decides_the_kind() {
        for (status, kind, retryable) in [
            (400, ErrorKind::BadRequest, false),
            (401, ErrorKind::Authentication, false),
            (403, ErrorKind::PermissionDenied, false),
            (404, ErrorKind::NotFound, false),
            (408, ErrorKind::HttpStatus, true),
            (409, ErrorKind::Conflict, true),
            (413, ErrorKind::HttpStatus, false),
            (429, ErrorKind::RateLimit, true),
            (500, ErrorKind::Server, true),
            (504, ErrorKind::Server, true),
            (529, ErrorKind::Server, true),
        ] {
            for body in ["", "<html>busy</html>", r#"{"type":"error","error":{"message":"m"}}"#, "{", "null"]
            {
                check(status, body, kind, retryable);
            }
        }
    }

    #[test]
    fn the_body_tells_more() {
        let body = |kind: &str, message: &str, code: &str| {
            let code = if code.is_empty() {
                String::new()
            } else {
                format!(r#","details":{{"error_code":"{code}"}}"#)
            };
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"{code}}}}}"#)
        };
        let invalid = |message: &str| body("invalid_request_error", message, "");
        check(400, &invalid("prompt is too long: 9 tokens > 8 maximum"), ErrorKind::ContextOverflow, false);
        let both = "input length and `max_tokens` exceed context limit: 9 + 8 > 10";
        check(400, &invalid(both), ErrorKind::ContextOverflow, false);
        let gateway = "litellm.ContextWindowExceededError: m";
        check(400, &invalid(gateway), ErrorKind::ContextOverflow, false);
        let low = "Your credit balance is too low to access the Anthropic API.";
        check(400, &invalid(low), ErrorKind::QuotaExceeded, false);
        check(402, &body("billing_error", "m", ""), ErrorKind::QuotaExceeded, false);
        let spent = body("rate_limit_error", "m", "enforced_spend_limit_reached");
        check(429, &spent, ErrorKind::QuotaExceeded, false);
        check(429, &body("rate_limit_error", "m", "ramp_limit_exceeded"), ErrorKind::RateLimit, true);
        check(404, &body("not_found_error", "prompt is too long", ""), ErrorKind::NotFound, false);
    }

    #[test]
    fn everything_the_service_says_is_kept() {
        let headers =
            [("anthropic-ratelimit-requests-remaining", "0"), ("retry-after", "2"), ("server", "cloudflare")];
        let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."},"request_id":"req_9"}"#;
        let error = failure(429, &headers, body, Origin::default());
        assert_eq!(error.to_string(), "too many requests (HTTP 429, rate_limit_error): Slow down.");
        let mut service = error.service().expect("details").clone();
        service.rate_limits.sort();
        let limit = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = ServiceError {
            status: Some(429),
            error_type: Some("rate_limit_error".into()),
            message: Some("Slow down.".into()),
            request_id: Some("req_9".into()),
            body: Some(body.into()),
            rate_limits: vec![
                limit("anthropic-ratelimit-requests-remaining", "0"),
                limit("retry-after", "2"),
            ],
            ..ServiceError::default()
        };
        assert_eq!(service, expected);
        let error = failure(429, &headers, body, origin());
        assert_eq!(error.service().and_then(|service| service.request_id.as_deref()), Some("req_1"));
    }

    #[test]
    fn a_long_body_is_cut_and_a_redirect_is_named() {
        let error = failure(500, &[], &"é".repeat(5000), origin());
        let body = error.service().and_then(|service| service.body.clone()).expect("a body");
        assert!(body.len() <= MAX_ERROR_TEXT + 3 && body.ends_with('…'), "{}", body.len());
        assert!(error.to_string().len() < 300, "{error}");
        let error = failure(308, &[("location", "https://h.test/v2?key=s")], "", origin());
        assert!(error.to_string().contains("`https://h.test/v2`"), "{error}");
    }

    #[test]
    fn the_key_is_taken_out_even_where_json_escapes_it() {
        let key = r#"sk-"quoted"-123456"#;
        let origin = Origin { redactor: Redactor::new([key]), ..origin() };
        let escaped = key.replace('"', "\\\"");
        for body in [
            format!("your key {key} is wrong"),
            format!(r#"{{"error":{{"message":"wrong: {escaped}","type":"{escaped}"}}}}"#),
            format!("{} {key}", "x".repeat(MAX_ERROR_TEXT - 8)),
        ] {
            for error in [failure(401, &[], &body, origin.clone()), error_in_event(&body, &origin)] {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("quoted"), "{shown}");
            }
        }
    }
}
