//! Rate limits in response headers.

use std::time::{Duration, SystemTime};

use catena_core::RateLimits;
use catena_http::HeaderMap;

/// Reads `anthropic-ratelimit-{requests,tokens,input-tokens}-{limit,remaining,reset}`. `tokens` is the most restrictive
/// of the token limits; if it is missing, the input token limit is used. A reset is a point in time, and is compared
/// with the response's own `date`.
pub(crate) fn decode_rate_limits(headers: &HeaderMap) -> RateLimits {
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let of = |what: &str, fact: &str| header(&format!("anthropic-ratelimit-{what}-{fact}"));
    let tokens = |fact: &str| of("tokens", fact).or_else(|| of("input-tokens", fact));
    let count = |value: Option<&str>| value?.parse().ok();
    let now = header("date").and_then(|date| httpdate::parse_http_date(date).ok());
    let wait = |value: Option<&str>| until(instant(value?)?, now?);
    let mut limits = RateLimits::default();
    limits.limit_requests = count(of("requests", "limit"));
    limits.remaining_requests = count(of("requests", "remaining"));
    limits.reset_requests = wait(of("requests", "reset"));
    limits.limit_tokens = count(tokens("limit"));
    limits.remaining_tokens = count(tokens("remaining"));
    limits.reset_tokens = wait(tokens("reset"));
    limits
}

/// Returns the time from `now` to a later instant; zero for an earlier one.
fn until(instant: SystemTime, now: SystemTime) -> Option<Duration> {
    Some(instant.duration_since(now).unwrap_or_default())
}

/// Parses an RFC 3339 time: `2026-01-01T00:00:10Z`, with or without a fraction, or with another offset.
fn instant(text: &str) -> Option<SystemTime> {
    let (date, time) = text.split_at_checked(10)?;
    let time = time.strip_prefix(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-')?;
    let (clock, rest) = time.split_at_checked(8)?;
    let [hour, minute, second] = numbers(clock, ':')?;
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(rest)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).ok()?))
}

fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        if digits { part.parse().ok() } else { None }
    });
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// Parses the offset after the seconds and their fraction, in seconds.
fn offset(rest: &str) -> Option<i64> {
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    if rest.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    let [hours, minutes, _] = numbers(&format!("{}:0", rest.strip_prefix(['+', '-'])?), ':')?;
    Some(sign * (hours * 3600 + minutes * 60))
}

/// Returns the days from 1970-01-01 to a Gregorian date. Years are counted from March, so that a leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let day_of_year = (153 * since_march + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_http::{HeaderName, HeaderValue};

    fn limits(headers: &[(&'static str, &'static str)]) -> RateLimits {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        decode_rate_limits(&headers.iter().map(pair).collect())
    }

    #[test]
    fn all_limits_are_read() {
        let read = limits(&[
            ("date", "Thu, 01 Jan 2026 00:00:04 GMT"),
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:10Z"),
            ("anthropic-ratelimit-tokens-limit", "40000"),
            ("anthropic-ratelimit-tokens-remaining", "39000"),
            ("anthropic-ratelimit-tokens-reset", "2026-01-01T01:01:04+01:00"),
            ("anthropic-ratelimit-input-tokens-limit", "1"),
        ]);
        let mut expected = RateLimits::default();
        (expected.limit_requests, expected.remaining_requests) = (Some(50), Some(49));
        (expected.limit_tokens, expected.remaining_tokens) = (Some(40_000), Some(39_000));
        expected.reset_requests = Some(Duration::from_secs(6));
        expected.reset_tokens = Some(Duration::from_secs(60));
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_missing_or_odd_is_passed_over() {
        let input = limits(&[("anthropic-ratelimit-input-tokens-remaining", "7")]);
        assert_eq!(input.remaining_tokens, Some(7));
        let odd = limits(&[
            ("anthropic-ratelimit-requests-remaining", "many"),
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:10Z"),
            ("anthropic-ratelimit-tokens-reset", "soon"),
        ]);
        assert!(odd.is_empty(), "{odd:?}");
    }

    #[test]
    fn instants_of_the_calendar() {
        let seconds =
            |text: &str| Some(instant(text)?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs());
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00.123456Z", Some(951_825_600)),
            ("2026-01-01T00:00:10Z", Some(1_767_225_610)),
            ("2025-12-31T23:00:10-01:00", Some(1_767_225_610)),
            ("2024-12-31t23:59:59z", Some(1_735_689_599)),
            ("2026-01-01", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-01-01T00:00:00", None),
            ("+026-01-01T00:00:00Z", None),
            ("2026-01-01T00:00:0é", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
