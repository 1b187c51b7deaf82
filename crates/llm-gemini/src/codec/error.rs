//! Errors of the service: unsuccessful responses, and errors inside successful ones.

use catena_core::{Error, ErrorKind, ServiceError};
use catena_http::service::{Complaint, FailedAnswer, Origin};

use super::error_body::ErrorBody;
use super::error_kind;

/// Returns the error for an unsuccessful response. Never fails, whatever the body is.
pub(crate) fn decode_failure(answer: &FailedAnswer<'_>) -> Error {
    let read = ErrorBody::parse(answer.body());
    let kind = error_kind::of_status(answer.status(), &read);
    let message = describe(kind, Some(answer.status()), &read);
    let delay = read.retry_delay;
    let error = answer.error(kind, message, details(read));
    match delay {
        Some(delay) if error.is_retryable() => error.with_retry_after(delay),
        _ => error,
    }
}

/// Returns the error that a successful response contains.
pub(super) fn error_in_body(otherwise: ErrorKind, body: &str, origin: &Origin) -> Error {
    let read = ErrorBody::parse(&origin.redactor.clean_body(body));
    let kind = error_kind::of_body(&read, otherwise);
    let retryable = error_kind::is_retryable_body(&read);
    let (message, delay) = (describe(kind, read.code, &read), read.retry_delay);
    let said = details(read);
    let service = ServiceError {
        code: said.code,
        error_type: said.error_type,
        param: said.param,
        message: said.message,
        ..origin.service_error(body)
    };
    let error = Error::new(kind, message).with_service(service);
    match delay.filter(|_| retryable) {
        Some(delay) => error.with_retry_after(delay),
        None => error.with_retryable(retryable),
    }
}

/// The details that the service's error contains.
fn details(read: ErrorBody) -> ServiceError {
    ServiceError {
        code: read.status,
        error_type: read.reason,
        param: read.at_fault,
        message: read.message,
        ..ServiceError::default()
    }
}

fn describe(kind: ErrorKind, status: Option<u16>, body: &ErrorBody) -> String {
    let advice = match kind {
        ErrorKind::Authentication => {
            "check GOOGLE_API_KEY or GEMINI_API_KEY, or the key given to `with_api_key`"
        }
        ErrorKind::NotFound => "check the model's name and the base URL",
        _ => "",
    };
    Complaint { kind, status, word: body.status.as_deref(), reason: body.text(), advice }.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_http::service::Redactor;
    use std::time::Duration;

    fn failure(status: u16, body: &str) -> Error {
        decode_failure(&FailedAnswer::new(status, &origin(), body))
    }

    #[track_caller]
    fn check(status: u16, body: &str, kind: ErrorKind, retryable: bool) {
        let error = failure(status, body);
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status} {body}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }

    #[test]
    fn the_status_decides_the_kind() {
        for (status, kind, retryable) in [
            (301, ErrorKind::HttpStatus, false),
            (400, ErrorKind::BadRequest, false),
            (401, ErrorKind::Authentication, false),
            (403, ErrorKind::PermissionDenied, false),
            (404, ErrorKind::NotFound, false),
            (408, ErrorKind::HttpStatus, true),
            (409, ErrorKind::Conflict, true),
            (413, ErrorKind::HttpStatus, false),
            (422, ErrorKind::BadRequest, false),
            (429, ErrorKind::RateLimit, true),
            (500, ErrorKind::Server, true),
            (503, ErrorKind::Server, true),
            (504, ErrorKind::Server, true),
        ] {
            for body in ["", "<html>busy</html>", r#"{"error":{"message":"m"}}"#, "{", "null"] {
                check(status, body, kind, retryable);
            }
        }
    }

    #[test]
    fn the_body_tells_more() {
        let quota = |id: &str, value: &str| {
            format!(
                r#"{{"error":{{"code":429,"message":"You exceeded your current quota","details":[
                {{"@type":"t/google.rpc.QuotaFailure","violations":[{{"quotaId":"{id}","quotaValue":"{value}"}}]}},
                {{"@type":"t/google.rpc.RetryInfo","retryDelay":"7s"}}]}}}}"#
            )
        };
        let minute = quota("GenerateRequestsPerMinutePerProject", "5");
        check(429, &minute, ErrorKind::RateLimit, true);
        assert_eq!(failure(429, &minute).retry_after(), Some(Duration::from_secs(7)));
        let day = quota("GenerateRequestsPerDayPerProject", "50");
        check(429, &day, ErrorKind::QuotaExceeded, false);
        assert_eq!(failure(429, &day).retry_after(), None);
        check(429, &quota("GenerateRequestsPerMinutePerProject", "0"), ErrorKind::QuotaExceeded, false);
        check(
            429,
            r#"{"error":{"message":"Your prepayment credits are depleted."}}"#,
            ErrorKind::QuotaExceeded,
            false,
        );
        let key = r#"{"error":{"code":400,"message":"m","details":[{"@type":"t/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
        check(400, key, ErrorKind::Authentication, false);
        check(
            400,
            r#"{"error":{"message":"API key not valid. Please pass a valid API key."}}"#,
            ErrorKind::Authentication,
            false,
        );
        let long = r#"{"error":{"message":"The input token count (9) exceeds the maximum number of tokens allowed (8)."}}"#;
        check(400, long, ErrorKind::ContextOverflow, false);
        check(404, long, ErrorKind::NotFound, false);
    }

    #[test]
    fn everything_the_service_says_is_kept() {
        let body = r#"{"error":{"code":400,"message":"Bad value.","status":"INVALID_ARGUMENT","details":[
            {"@type":"t/google.rpc.BadRequest","fieldViolations":[{"field":"contents[0]","description":"d"}]},
            {"@type":"t/google.rpc.ErrorInfo","reason":"R"}]}}"#;
        let error = failure(400, body);
        assert_eq!(
            error.to_string(),
            "the service rejected the request (HTTP 400, INVALID_ARGUMENT): Bad value."
        );
        let service = error.service().expect("details");
        let expected = ServiceError {
            status: Some(400),
            code: Some("INVALID_ARGUMENT".into()),
            error_type: Some("R".into()),
            param: Some("contents[0]".into()),
            message: Some("Bad value.".into()),
            request_id: Some("req_1".into()),
            body: Some(body.into()),
            rate_limits: Vec::new(),
        };
        assert_eq!(*service, expected);
        assert!(failure(500, &"é".repeat(5000)).to_string().len() < 400);
    }

    #[test]
    fn errors_inside_answers_are_redacted_and_judged() {
        let origin = Origin { redactor: Redactor::new(["secret-key-1"]), ..origin() };
        let body = r#"{"error":{"code":429,"message":"slow, secret-key-1","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"t/google.rpc.RetryInfo","retryDelay":"3s"}]}}"#;
        let error = error_in_body(ErrorKind::InvalidResponse, body, &origin);
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimit, Some(Duration::from_secs(3))));
        assert!(!format!("{error} {error:?}").contains("secret-key"), "{error:?}");
        let error = error_in_body(ErrorKind::Stream, body, &origin);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Stream, true));
    }
}
