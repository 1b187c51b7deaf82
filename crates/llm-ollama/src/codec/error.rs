//! Errors of the service: unsuccessful responses, and errors inside successful ones.

use catena_core::{Error, ErrorKind, ServiceError};
use catena_http::service::{Complaint, FailedAnswer, excerpt, is_transient};
use serde_json::Value;

use super::Origin;

/// The service's messages for inputs that are too long.
const OVERFLOW: [&str; 4] = [
    "exceeds the context length",
    "exceeds maximum context length",
    "exceeds the context window",
    "prompt is too long",
];

/// Returns the error for an unsuccessful response. Never fails, whatever the body is.
pub(crate) fn decode_failure(answer: &FailedAnswer<'_>) -> Error {
    let said = said(answer.body());
    let kind = match (answer.status(), said.as_deref()) {
        (400 | 413 | 500, Some(text)) if is_overflow(text) => ErrorKind::ContextOverflow,
        // What a model may not support: tools, thinking, images, generate, chat, embeddings.
        (400, Some(text)) if text.contains("does not support") => ErrorKind::Unsupported,
        _ => answer.kind(),
    };
    let message = describe(kind, Some(answer.status()), said.as_deref(), answer.body());
    let retryable = kind == answer.kind() && is_transient(answer.status());
    let details = ServiceError { message: said, ..ServiceError::default() };
    answer.error(kind, message, details).with_retryable(retryable)
}

/// Returns the error that a successful response contains instead of a message.
pub(super) fn error_in_answer(body: &str, origin: &Origin) -> Error {
    error_in_body(ErrorKind::InvalidResponse, body, origin)
}

/// Returns the error that a line of a stream contains.
pub(super) fn error_in_stream(data: &str, origin: &Origin) -> Error {
    error_in_body(ErrorKind::Stream, data, origin)
}

fn error_in_body(otherwise: ErrorKind, body: &str, origin: &Origin) -> Error {
    let body = origin.redactor.clean_body(body);
    let said = said(&body);
    let kind = if said.as_deref().is_some_and(is_overflow) { ErrorKind::ContextOverflow } else { otherwise };
    let status = ["status", "status_code", "code"].iter().find_map(|name| member(&body, name)?.as_u64());
    let retryable = status.and_then(|status| u16::try_from(status).ok()).is_some_and(is_transient);
    let message = describe(kind, None, said.as_deref(), &body);
    let service = ServiceError { message: said, ..origin.service_error(&body) };
    Error::new(kind, message).with_service(service).with_retryable(retryable)
}

fn is_overflow(text: &str) -> bool {
    OVERFLOW.iter().any(|words| text.contains(words))
}

/// Returns the service's own message: `{"error": "..."}`, or the message of an object there.
fn said(body: &str) -> Option<String> {
    let text = match member(body, "error")? {
        Value::String(text) => text,
        Value::Object(mut error) => match error.remove("message")? {
            Value::String(text) => text,
            _ => return None,
        },
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

fn member(body: &str, name: &str) -> Option<Value> {
    // Of several lines, the first error counts.
    let lines = serde_json::Deserializer::from_str(body.trim_start_matches('\u{FEFF}')).into_iter::<Value>();
    lines.map_while(Result::ok).find_map(|mut line| line.as_object_mut()?.remove(name))
}

/// Formats one line for people: what happened, the status, the service's message, and what to do.
fn describe(kind: ErrorKind, status: Option<u16>, said: Option<&str>, body: &str) -> String {
    let advice = match kind {
        ErrorKind::Authentication => "check OLLAMA_API_KEY, or the key given to `with_api_key`",
        ErrorKind::NotFound => "fetch the model with `ollama pull`, or check the base URL",
        _ => "",
    };
    let excerpt = if said.is_none() { excerpt(body) } else { None };
    Complaint { kind, status, word: None, reason: said.or(excerpt.as_deref()), advice }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, kind: ErrorKind, retryable: bool, part: &str) {
        let origin = Origin::default();
        let error = decode_failure(&FailedAnswer::new(status, &origin, body));
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
    }

    #[test]
    fn status_and_text_decide_the_kind() {
        check(404, r#"{"error":"model 'x' not found"}"#, ErrorKind::NotFound, false, "ollama pull");
        check(404, "404 page not found", ErrorKind::NotFound, false, "page not found");
        check(400, r#"{"error":"invalid format"}"#, ErrorKind::BadRequest, false, "invalid format");
        let tools = r#"{"error":"registry.ollama.ai/library/x:latest does not support tools"}"#;
        check(400, tools, ErrorKind::Unsupported, false, "tools");
        let long = r#"{"error":"the input length exceeds the context length"}"#;
        check(400, long, ErrorKind::ContextOverflow, false, "too long");
        check(500, long, ErrorKind::ContextOverflow, false, "too long");
        check(401, r#"{"error":"unauthorized"}"#, ErrorKind::Authentication, false, "OLLAMA_API_KEY");
        check(403, "", ErrorKind::PermissionDenied, false, "no reason");
        check(429, r#"{"error":{"message":"slow"}}"#, ErrorKind::RateLimit, true, "slow");
        check(
            500,
            r#"{"error":"model runner has unexpectedly stopped"}"#,
            ErrorKind::Server,
            true,
            "stopped",
        );
        check(503, r#"{"error":"server busy, please try again"}"#, ErrorKind::Server, true, "busy");
        check(502, "<html><h1>Bad Gateway</h1>", ErrorKind::Server, true, "Bad Gateway");
        check(413, "{", ErrorKind::HttpStatus, false, "{");
        check(408, "null", ErrorKind::HttpStatus, true, "no reason");
    }

    #[test]
    fn an_error_in_an_answer_is_bounded() {
        let long = format!(r#"{{"error":"{}"}}"#, "x".repeat(100_000));
        let error = error_in_stream(&long, &Origin::default());
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Stream, false));
        assert!(error.to_string().len() < 2200);
        let busy = error_in_stream(r#"{"error":"busy","status":503}"#, &Origin::default());
        assert!(busy.is_retryable());
    }
}
