//! Error bodies: Google's `google.rpc.Status`, or anything else.

use std::time::Duration;

use catena_http::service::excerpt;
use serde_json::Value;

use super::lenient::is_truthy;

/// A century, in seconds.
const LONGEST: f64 = 3.156e9;

/// The contents of an error body.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ErrorBody {
    /// The service's own message.
    pub(super) message: Option<String>,
    /// The HTTP status repeated in the body.
    pub(super) code: Option<u16>,
    /// The service's status name, such as `RESOURCE_EXHAUSTED`.
    pub(super) status: Option<String>,
    /// The reason code: `API_KEY_INVALID`.
    pub(super) reason: Option<String>,
    /// The member of the request, or the quota, that caused the error.
    pub(super) at_fault: Option<String>,
    /// How long to wait.
    pub(super) retry_delay: Option<Duration>,
    /// Whether a per-day quota, or one of zero, is exhausted.
    pub(super) long_quota: bool,
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
        match value {
            // A stream that fails before its first event is a list, if no events were requested.
            Value::Array(items) => items.first().map(Self::from_value).unwrap_or_default(),
            Value::Object(_) => match &value["error"] {
                error @ Value::Object(_) if is_truthy(error) => Self::from_status(error),
                Value::String(text) => Self { excerpt: excerpt(text), ..Self::from_status(value) },
                _ => Self { excerpt: value["detail"].as_str().and_then(excerpt), ..Self::from_status(value) },
            },
            _ => Self::default(),
        }
    }

    fn from_status(error: &Value) -> Self {
        let text = |value: &Value| value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let mut read = Self {
            message: text(&error["message"]),
            code: error["code"].as_u64().and_then(|code| u16::try_from(code).ok()),
            status: text(&error["status"]),
            ..Self::default()
        };
        for detail in error["details"].as_array().into_iter().flatten() {
            let kind = detail["@type"].as_str().unwrap_or_default();
            match kind.rsplit('.').next().unwrap_or_default() {
                "ErrorInfo" => read.reason = text(&detail["reason"]),
                "RetryInfo" => read.retry_delay = detail["retryDelay"].as_str().and_then(duration),
                "BadRequest" => read.at_fault = text(&detail["fieldViolations"][0]["field"]),
                "QuotaFailure" => read.read_quotas(&detail["violations"]),
                _ => {}
            }
        }
        read
    }

    fn read_quotas(&mut self, violations: &Value) {
        for violation in violations.as_array().into_iter().flatten() {
            let id =
                violation["quotaId"].as_str().or_else(|| violation["subject"].as_str()).unwrap_or_default();
            self.at_fault.get_or_insert_with(|| id.to_owned());
            // A quota of zero is one that the account does not have.
            self.long_quota |= id.contains("PerDay") || violation["quotaValue"] == "0";
        }
    }

    /// The text for the error message.
    pub(super) fn text(&self) -> Option<&str> {
        self.message.as_deref().or(self.excerpt.as_deref())
    }
}

/// Parses a `google.protobuf.Duration`: seconds, optionally with a fraction, followed by `s`.
fn duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().strip_suffix('s')?.parse().ok()?;
    // A delay too large to be added to a clock is capped.
    (seconds.is_finite() && seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_with_its_details() {
        let body = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[
                {"quotaMetric":"q","quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaValue":"15"},
                {"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
            {"@type":"type.googleapis.com/google.rpc.Help","links":[]},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}"#;
        let expected = ErrorBody {
            message: Some("m".into()),
            code: Some(429),
            status: Some("RESOURCE_EXHAUSTED".into()),
            at_fault: Some("GenerateRequestsPerMinutePerProjectPerModel-FreeTier".into()),
            retry_delay: Some(Duration::from_millis(34_500)),
            long_quota: true,
            ..ErrorBody::default()
        };
        assert_eq!(ErrorBody::parse(body), expected);
        assert_eq!(ErrorBody::parse(&format!("[{body}]")), expected);
    }

    #[test]
    fn any_body_is_read() {
        for (body, text) in [
            (r#"{"error":{"code":400,"message":"m"}}"#, "m"),
            (r#"{"error":"Unauthorized"}"#, "Unauthorized"),
            (r#"{"message":"flat","code":"odd"}"#, "flat"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            ("404 page not found\n", "404 page not found"),
            ("<html><title>502</title></html>", "502"),
            ("", ""),
            ("null", ""),
            ("[]", ""),
            (r#"{"error":{}}"#, ""),
            (r#"{"error":{"details":[1,{"@type":3},{"retryDelay":2},null]}}"#, ""),
            (
                r#"{"error":{"details":[{"@type":"x.RetryInfo","retryDelay":"soon"},{"@type":"x.QuotaFailure"}]}}"#,
                r#"{"error":{"details":[{"@type":"x.RetryInfo","retryDelay":"soon"},{"@type":"x.QuotaFailure"}]}}"#,
            ),
            (r#"{"msg":"no"}"#, r#"{"msg":"no"}"#),
        ] {
            let read = ErrorBody::parse(body);
            assert_eq!(read.text().unwrap_or_default(), text, "{body}");
            assert_eq!(read.retry_delay, None);
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("3s", Some(3.0)),
            ("0.5s", Some(0.5)),
            ("1e300s", Some(LONGEST)),
            ("0s", None),
            ("-1s", None),
            ("3", None),
            ("s", None),
        ] {
            assert_eq!(duration(text).map(|delay| delay.as_secs_f64()), expected, "{text}");
        }
    }
}
