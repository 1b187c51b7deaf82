//! Error bodies, in all the formats that servers use.

use catena_http::service::{MAX_ERROR_TEXT, excerpt, words};
use serde_json::Value;

use super::lenient::is_truthy;
use super::object::read_value;

/// The contents of an error body.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ErrorBody {
    /// The service's own message.
    pub(super) message: Option<String>,
    pub(super) code: Option<String>,
    pub(super) error_type: Option<String>,
    pub(super) param: Option<String>,
    /// What to show if there is no message.
    pub(super) excerpt: Option<String>,
}

impl ErrorBody {
    /// Parses any body. Never fails.
    pub(super) fn parse(body: &str) -> Self {
        let value = read_value(body.trim_start_matches('\u{FEFF}')).unwrap_or_default();
        let mut read = Self::from_value(&value);
        if read.text().is_none() {
            // A gateway's own format, or none at all: the reason is somewhere in it.
            read.excerpt = excerpt(body);
        }
        read
    }

    fn from_value(value: &Value) -> Self {
        match value {
            // Gemini wraps the object in a list.
            Value::Array(items) => items.first().map(Self::from_value).unwrap_or_default(),
            Value::Object(_) => match &value["error"] {
                error @ Value::Object(_) if is_truthy(error) => Self::from_members(error),
                Value::String(text) => Self::from_text(text, value),
                _ => Self { excerpt: detail(&value["detail"]), ..Self::from_members(value) },
            },
            _ => Self::default(),
        }
    }

    /// Reads `{"error": "text"}`, to which Text Generation Inference adds an `error_type`.
    fn from_text(text: &str, body: &Value) -> Self {
        let read = Self::from_members(body);
        match body["error_type"].as_str() {
            Some(kind) => Self {
                message: read.message.or_else(|| non_empty(text.to_owned())),
                error_type: read.error_type.or_else(|| non_empty(kind.to_owned())),
                ..read
            },
            None => Self { excerpt: shown(text), ..read },
        }
    }

    fn from_members(error: &Value) -> Self {
        let text = |name: &str| error[name].as_str().map(str::to_owned).and_then(non_empty);
        let code = match &error["code"] {
            Value::Number(number) => Some(number.to_string()),
            _ => text("code"),
        };
        Self { message: text("message"), code, error_type: text("type"), param: text("param"), excerpt: None }
    }

    /// The text for the error message.
    pub(super) fn text(&self) -> Option<&str> {
        self.message.as_deref().or(self.excerpt.as_deref())
    }
}

/// Formats FastAPI's error details.
fn detail(detail: &Value) -> Option<String> {
    let text = match detail {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(located).collect::<Vec<_>>().join("; "),
        _ => return None,
    };
    shown(&text)
}

/// Formats one detail: the path of the invalid member in the request body, and what is wrong with it.
fn located(item: &Value) -> Option<String> {
    let what = item["msg"].as_str()?;
    let path = item["loc"].as_array().into_iter().flatten().map(|step| match step {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    });
    let path = path.skip_while(|step| step == "body").collect::<Vec<_>>().join(".");
    Some(if path.is_empty() { what.to_owned() } else { format!("{path}: {what}") })
}

/// Returns a text that is known to be a message, up to the maximum length of error texts.
fn shown(text: &str) -> Option<String> {
    non_empty(words(text, MAX_ERROR_TEXT))
}

fn non_empty(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[message, code, type, param, excerpt]`
    #[track_caller]
    fn check(body: &str, expected: [&str; 5]) {
        let read = ErrorBody::parse(body);
        let read = [read.message, read.code, read.error_type, read.param, read.excerpt];
        assert_eq!(read.map(Option::unwrap_or_default), expected, "{body}");
    }

    #[test]
    fn every_shape_is_read() {
        check(
            r#"{"error":{"message":"m","type":"t","param":"p","code":"c","innererror":{}}}"#,
            ["m", "c", "t", "p", ""],
        );
        check(r#"{"error":{"message":"m","type":null,"param":null,"code":1234}}"#, ["m", "1234", "", "", ""]);
        check(r#"{"error":{"message":"","type":{},"param":[],"code":true}}"#, [""; 5]);
        check(r#"{"error":"Unauthorized"}"#, ["", "", "", "", "Unauthorized"]);
        check(r#"{"error":"m","error_type":"validation"}"#, ["m", "", "validation", "", ""]);
        check(
            r#"{"error":"","error_type":"validation"}"#,
            ["", "", "validation", "", r#"{"error":"","error_type":"validation"}"#],
        );
        let long = "long ".repeat(100);
        let long = long.trim();
        check(&format!(r#"{{"error":"{long}"}}"#), ["", "", "", "", long]);
        check(&format!(r#"{{"detail":"{long}"}}"#), ["", "", "", "", long]);
        check(
            r#"{"object":"error","message":"m","type":"t","param":null,"code":400}"#,
            ["m", "400", "t", "", ""],
        );
        check(r#"{"detail":"Not Found"}"#, ["", "", "", "", "Not Found"]);
        check(
            r#"{"detail":[{"loc":["body","messages",0,"role"],"msg":"one"},{"msg":"two"},{"loc":["body"],"msg":"three"}]}"#,
            ["", "", "", "", "messages.0.role: one; two; three"],
        );
        check(
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
            ["m", "", "overloaded_error", "", ""],
        );
        check(r#"[{"error":{"message":"m","code":429}}]"#, ["m", "429", "", "", ""]);
        check(r#""just text""#, ["", "", "", "", "just text"]);
        check(r#"{"error":{"message":"m \ud83d","code":"c"}}"#, ["m \u{FFFD}", "c", "", "", ""]);
        check("404 page not found\n", ["", "", "", "", "404 page not found"]);
        check("<html><title>502</title></html>", ["", "", "", "", "502"]);
        check(r#"{"error":{"message":"cut"#, ["", "", "", "", r#"{"error":{"message":"cut"#]);
        for body in [
            r#"{"msg":"why"}"#,
            r#"{"errors":[{"message":"why"}]}"#,
            r#"{"success":false,"error":["why"]}"#,
            r#"{"error":{"detail":"why"}}"#,
        ] {
            check(body, ["", "", "", "", body]);
        }
        for body in ["", "null", "[]", "{}", "17", r#"{"error":{}}"#, r#"{"error":null}"#, r#"{"detail":{}}"#]
        {
            check(body, [""; 5]);
        }
    }
}
