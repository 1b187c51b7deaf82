//! The delay that a service asks for before a retry.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// A century, in seconds.
const LONGEST: f64 = 3.156e9;

/// LiteLLM passes on the headers of the service behind it under names with this prefix.
const LITELLM: &str = "llm_provider-";

/// Parses `retry-after-ms`, or else `retry-after`: seconds, or a date, which is compared with `now`. `None` if no wait
/// is requested.
pub(super) fn retry_hint(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    hint(headers, "", now).or_else(|| hint(headers, LITELLM, now))
}

fn hint(headers: &HeaderMap, prefix: &str, now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(format!("{prefix}{name}"))?.to_str().ok().map(str::trim);
    let number = |name: &str| number(header(name)?);
    if let Some(milliseconds) = number("retry-after-ms") {
        return seconds(milliseconds / 1000.0);
    }
    if let Some(number) = number("retry-after") {
        return seconds(number);
    }
    let until = httpdate::parse_http_date(header("retry-after")?).ok()?;
    until.duration_since(now).ok().filter(|wait| !wait.is_zero())
}

/// Parses a number. One that is too large is the largest.
fn number(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok()?;
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    Some(if has_digits { number.clamp(f64::MIN, f64::MAX) } else { number })
}

fn seconds(seconds: f64) -> Option<Duration> {
    if !seconds.is_finite() || seconds <= 0.0 {
        return None;
    }
    // A delay too large for any clock is still a request to wait.
    Some(Duration::from_secs_f64(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    /// Four seconds into 2026.
    fn clock() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_604)
    }

    #[track_caller]
    fn check(headers: &[(&'static str, &'static str)], expected: Option<f64>) {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let hint = retry_hint(&headers.iter().map(pair).collect(), clock());
        assert_eq!(hint.map(|hint| hint.as_secs_f64()), expected, "{headers:?}");
    }

    #[test]
    fn hints() {
        check(&[], None);
        check(&[("retry-after", "3")], Some(3.0));
        check(&[("retry-after", "0.5")], Some(0.5));
        check(&[("llm_provider-retry-after", "60")], Some(60.0));
        check(&[("retry-after", "3"), ("llm_provider-retry-after", "60")], Some(3.0));
        check(&[("retry-after-ms", "1500")], Some(1.5));
        check(&[("retry-after-ms", "40"), ("retry-after", "9")], Some(0.04));
        check(&[("retry-after-ms", "soon"), ("retry-after", "4")], Some(4.0));
        for nothing in ["0", "-1", "inf", "NaN", "soon", ""] {
            check(&[("retry-after", nothing)], None);
        }
        for endless in ["1e300", "1e400"] {
            check(&[("retry-after", endless)], Some(LONGEST));
        }
        check(&[("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT")], Some(6.0));
        check(&[("retry-after", "Thursday, 01-Jan-26 00:00:10 GMT")], Some(6.0));
        for past in ["Thu, 01 Jan 2026 00:00:04 GMT", "Thu, 01 Jan 2026 00:00:00 GMT", "Thu, 99 Jan 2026"] {
            check(&[("retry-after", past)], None);
        }
    }
}
