//! Error bodies of the service, and of servers in between.

use catena_http::service::excerpt;
use serde_json::Value;

/// The contents of an error body.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ErrorBody {
    /// The service's own message.
    pub(super) message: Option<String>,
    /// The detailed error code, if the service gives one in addition to the type.
    pub(super) code: Option<String>,
    /// The error type: `overloaded_error`.
    pub(super) error_type: Option<String>,
    pub(super) request_id: Option<String>,
    /// What to show if there is no message.
    pub(super) excerpt: Option<String>,
}

impl ErrorBody {
    /// Parses any body. Never fails.
    pub(super) fn parse(body: &str) -> Self {
        let value = serde_json::from_str(body.trim_start_matches('\u{FEFF}')).unwrap_or_default();
        let mut read = Self::from_value(&value);
        if read.text().is_none() {
            // A gateway's own format, or none at all: the reason is somewhere in it.
            read.excerpt = excerpt(body);
        }
        read
    }

    fn from_value(value: &Value) -> Self {
        let error = match &value["error"] {
            Value::String(text) => return Self { excerpt: excerpt(text), ..Self::default() },
            error @ Value::Object(_) => error,
            _ => value,
        };
        let code = [&error["details"]["error_code"], &error["code"]].into_iter().find_map(word);
        Self {
            message: word(&error["message"]),
            code,
            error_type: word(&error["type"]),
            request_id: word(&value["request_id"]),
            excerpt: word(&error["detail"]).as_deref().and_then(excerpt),
        }
    }

    /// The text for the error message.
    pub(super) fn text(&self) -> Option<&str> {
        self.message.as_deref().or(self.excerpt.as_deref())
    }
}

/// Returns a non-empty text, or a number.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[message, code, type, request id, excerpt]`
    #[track_caller]
    fn check(body: &str, expected: [&str; 5]) {
        let read = ErrorBody::parse(body);
        let read = [read.message, read.code, read.error_type, read.request_id, read.excerpt];
        assert_eq!(read.map(Option::unwrap_or_default), expected, "{body}");
    }

    #[test]
    fn every_shape_is_read() {
        check(
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_2"}"#,
            ["Overloaded", "", "overloaded_error", "req_2", ""],
        );
        check(
            r#"{"error":{"type":"rate_limit_error","message":"m","details":{"error_code":"c"}}}"#,
            ["m", "c", "rate_limit_error", "", ""],
        );
        check(
            r#"{"type":"invalid_request_error","message":"m"}"#,
            ["m", "", "invalid_request_error", "", ""],
        );
        check(r#"{"error":{"message":"m","code":401}}"#, ["m", "401", "", "", ""]);
        check(r#"{"error":"Unauthorized"}"#, ["", "", "", "", "Unauthorized"]);
        check(r#"{"detail":"Not Found"}"#, ["", "", "", "", "Not Found"]);
        check(r#""just text""#, ["", "", "", "", "just text"]);
        check("<html><title>502</title></html>", ["", "", "", "", "502"]);
        check(r#"{"msg":"why"}"#, ["", "", "", "", r#"{"msg":"why"}"#]);
        for body in ["", "null", "[]", "{}", "17", r#"{"error":{}}"#, r#"{"error":null}"#, r#"{"detail":{}}"#]
        {
            check(body, [""; 5]);
        }
    }
}
