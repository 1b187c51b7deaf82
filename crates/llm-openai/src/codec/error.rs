//! Errors of the service: unsuccessful responses, and errors inside successful ones.

use catena_core::{Error, ErrorKind, ServiceError};
use catena_http::service::{Complaint, FailedAnswer, MAX_ERROR_TEXT, bounded};

use super::error_body::ErrorBody;
use super::error_kind;
use super::origin::Origin;

/// The environment variable of the key, except on Azure.
pub(crate) const KEY_VARIABLE: &str = "OPENAI_API_KEY";

/// Returns the error for an unsuccessful response. Never fails, whatever the body is. `key` is the environment variable
/// of the key, or `None` if the client sends none.
pub(crate) fn decode_failure(answer: &FailedAnswer<'_>, key: Option<&str>) -> Error {
    let read = ErrorBody::parse(answer.body());
    let kind = error_kind::of_status(answer.status(), &read);
    let message = describe(kind, Some(answer.status()), &read, key);
    let error = answer.error(kind, message, details(read));
    // Retrying does not shorten the input, even if the server reports an internal error.
    let again = error.is_retryable() && kind != ErrorKind::ContextOverflow;
    error.with_retryable(again)
}

/// Returns the error that a successful response contains instead of choices.
pub(super) fn decode_error_in_answer(body: &str, origin: &Origin) -> Error {
    let service = ServiceError { status: Some(200), ..ServiceError::default() };
    error_in_body(ErrorKind::InvalidResponse, body, service, origin)
}

/// Returns the error that an event of a stream contains.
pub(super) fn error_in_event(data: &str, origin: &Origin) -> Error {
    error_in_body(ErrorKind::Stream, data, ServiceError::default(), origin)
}

/// Returns the error that a body contains; its kind is `otherwise` unless the body is more specific.
pub(super) fn error_in_body(otherwise: ErrorKind, body: &str, known: ServiceError, origin: &Origin) -> Error {
    let body = origin.redactor.clean_body(body);
    let read = ErrorBody::parse(&body);
    let kind = error_kind::of_body(&read, otherwise);
    let retryable = error_kind::is_retryable_body(&read);
    let message = describe(kind, None, &read, Some(KEY_VARIABLE));
    let service = ServiceError {
        status: known.status,
        request_id: origin.request_id.clone(),
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
        param: read.param,
        message: read.message,
        ..ServiceError::default()
    }
}

fn describe(kind: ErrorKind, status: Option<u16>, body: &ErrorBody, key: Option<&str>) -> String {
    let word = body.code.as_ref().map(|code| format!("code {code}"));
    let advice = match (kind, key) {
        (ErrorKind::Authentication, Some(key)) => format!("check {key}, or what `with_api_key` was given"),
        (ErrorKind::Authentication, None) => "no API key is set: set one with `with_api_key`".to_owned(),
        (ErrorKind::NotFound, _) => "check the model or ID, and the base URL".to_owned(),
        (ErrorKind::HttpStatus, _) if status == Some(405) => "check the base URL".to_owned(),
        _ => String::new(),
    };
    Complaint { kind, status, word: word.as_deref(), reason: body.text(), advice: &advice }.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;
    use catena_http::service::Redactor;
    use catena_http::{HeaderName, HeaderValue};
    use serde_json::json;

    /// The error of an answer with these headers, as the client makes it.
    fn failure(status: u16, headers: &[(&'static str, &'static str)], body: &str, origin: Origin) -> Error {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let body = origin.redactor.clean_body(body);
        let origin = Origin { headers: std::sync::Arc::new(headers.iter().map(pair).collect()), ..origin };
        decode_failure(&FailedAnswer::new(status, &origin, &body), Some(KEY_VARIABLE))
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
            (301, ErrorKind::HttpStatus, false),
            (400, ErrorKind::BadRequest, false),
            (401, ErrorKind::Authentication, false),
            (402, ErrorKind::HttpStatus, false),
            (403, ErrorKind::PermissionDenied, false),
            (404, ErrorKind::NotFound, false),
            (405, ErrorKind::HttpStatus, false),
            (408, ErrorKind::HttpStatus, true),
            (409, ErrorKind::Conflict, true),
            (413, ErrorKind::HttpStatus, false),
            (422, ErrorKind::BadRequest, false),
            (429, ErrorKind::RateLimit, true),
            (499, ErrorKind::HttpStatus, false),
            (500, ErrorKind::Server, true),
            (503, ErrorKind::Server, true),
            (529, ErrorKind::Server, true),
        ] {
            for body in ["", "<html>busy</html>", r#"{"error":{"message":"m"}}"#, "{", "null"] {
                check(status, body, kind, retryable);
            }
        }
    }

    #[test]
    fn the_body_tells_more() {
        let code = |code: &str| format!(r#"{{"error":{{"message":"m","type":"t","code":"{code}"}}}}"#);
        check(429, &code("insufficient_quota"), ErrorKind::QuotaExceeded, false);
        check(429, &code("project_spend_limit_exceeded"), ErrorKind::QuotaExceeded, false);
        check(429, r#"{"error":{"type":"insufficient_quota"}}"#, ErrorKind::QuotaExceeded, false);
        check(429, &code("billing_not_active"), ErrorKind::QuotaExceeded, false);
        check(429, r#"{"error":{"type":"billing_not_active"}}"#, ErrorKind::QuotaExceeded, false);
        check(400, &code("context_length_exceeded"), ErrorKind::ContextOverflow, false);
        check(400, r#"{"error":{"type":"exceed_context_size_error"}}"#, ErrorKind::ContextOverflow, false);
        check(400, r#"{"error":{"message":"prompt is too long: 9 > 8"}}"#, ErrorKind::ContextOverflow, false);
        check(422, r#"{"detail":"input exceeds the context window"}"#, ErrorKind::ContextOverflow, false);
        check(404, r#"{"error":{"message":"prompt is too long"}}"#, ErrorKind::NotFound, false);
        check(500, r#"{"error":{"message":"prompt is too long"}}"#, ErrorKind::Server, true);
        check(400, &code("content_filter"), ErrorKind::BadRequest, false);
    }

    #[test]
    fn a_quota_is_known_behind_gateways() {
        let openai = "litellm.RateLimitError: OpenAIException - You exceeded your current quota, please check your plan";
        let gemini = "You exceeded your current quota, please check your plan and billing details. For more \
                      information head to: https://ai.google.dev/gemini-api/docs/rate-limits. Please retry in 9.8s.";
        for (status, message, kind, code, expected) in [
            (429, "Budget has been exceeded!", "budget_exceeded", "429", ErrorKind::QuotaExceeded),
            (429, openai, "throttling_error", "429", ErrorKind::QuotaExceeded),
            (403, "m", "new_api_error", "insufficient_user_quota", ErrorKind::QuotaExceeded),
            (403, "m", "insufficient_quota", "", ErrorKind::QuotaExceeded),
            (429, gemini, "throttling_error", "429", ErrorKind::RateLimit),
            (429, "Rate limit reached", "throttling_error", "429", ErrorKind::RateLimit),
            (403, "m", "new_api_error", "access_denied", ErrorKind::PermissionDenied),
            (400, "m", "budget_exceeded", "", ErrorKind::BadRequest),
        ] {
            let body = json!({"error": {"message": message, "type": kind, "code": code}}).to_string();
            check(status, &body, expected, expected == ErrorKind::RateLimit);
        }
    }

    #[test]
    fn an_input_that_is_too_long_is_known_by_what_servers_say() {
        let sglang = "The input (9 tokens) is longer than the model's context length (8 tokens).";
        let flat = json!({"object": "error", "message": sglang, "type": "BadRequestError", "code": 400});
        let tgi = |text: &str| json!({"error": text, "error_type": "validation"});
        let both = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 \
                    `inputs` tokens and 100 `max_new_tokens`";
        let less = "`inputs` must have less than 512 tokens. Given: 600";
        let llama = "input (600 tokens) is too large to process. increase the physical batch size (current \
                     batch size: 512)";
        let llama = json!({"error": {"code": 500, "message": llama, "type": "server_error"}});
        let late = format!("Input validation error: {}{less}", "long ".repeat(100));
        for (status, body) in [
            (400, flat),
            (422, tgi(both)),
            (422, tgi(less)),
            (413, tgi(less)),
            (422, json!({ "error": less })),
            (422, json!({ "error": late })),
            (422, json!({ "detail": late })),
            (500, llama.clone()),
        ] {
            check(status, &body.to_string(), ErrorKind::ContextOverflow, false);
        }
        let error = decode_error_in_answer(&llama.to_string(), &origin());
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ContextOverflow, false));
        check(500, &tgi("Request failed during generation").to_string(), ErrorKind::Server, true);
        check(422, &tgi("`temperature` must be strictly positive").to_string(), ErrorKind::BadRequest, false);
    }

    #[test]
    fn everything_the_service_says_is_kept() {
        let headers = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "2s"),
            ("retry-after", "2"),
            ("server", "nginx"),
        ];
        let body = r#"{"error":{"message":"Slow down.","type":"requests","param":"model","code":"rate_limit_exceeded"}}"#;
        let error = failure(429, &headers, body, origin());
        let text = "too many requests (HTTP 429, code rate_limit_exceeded): Slow down.";
        assert_eq!(error.to_string(), text);
        let mut service = error.service().expect("details").clone();
        service.rate_limits.sort();
        let limit = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = ServiceError {
            status: Some(429),
            code: Some("rate_limit_exceeded".into()),
            error_type: Some("requests".into()),
            param: Some("model".into()),
            message: Some("Slow down.".into()),
            request_id: Some("req_1".into()),
            body: Some(body.into()),
            rate_limits: vec![
                limit("retry-after", "2"),
                limit("x-ratelimit-remaining-requests", "0"),
                limit("x-ratelimit-reset-requests", "2s"),
            ],
        };
        assert_eq!(service, expected);
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
            format!(r#"{{"error":{{"message":"wrong: {escaped}","code":"{escaped}"}}}}"#),
            format!("{} {key}", "x".repeat(MAX_ERROR_TEXT - 8)),
        ] {
            for error in [
                failure(401, &[], &body, origin.clone()),
                super::super::chat_response::decode_chat(body.as_bytes(), &origin, false)
                    .expect_err("no answer"),
            ] {
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("quoted"), "{shown}");
            }
        }
    }
}
