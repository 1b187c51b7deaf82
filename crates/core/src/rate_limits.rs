//! The rate limits that a service reports.

use std::time::Duration;

/// The rate limits of a response, as far as the service reported them: how much is allowed, how much remains, and how
/// long until the limits reset.
///
/// # Example
/// ```
/// use catena_core::RateLimits;
/// use std::time::Duration;
/// let headers = [("x-ratelimit-remaining-requests", "59"), ("x-ratelimit-reset-requests", "1m30.5s")];
/// let limits = RateLimits::from_headers(headers);
/// assert_eq!(limits.remaining_requests, Some(59));
/// assert_eq!(limits.reset_requests, Some(Duration::from_millis(90_500)));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// Requests allowed per window.
    pub limit_requests: Option<u64>,
    /// Requests remaining in the window.
    pub remaining_requests: Option<u64>,
    /// The time until the request limit has fully reset.
    pub reset_requests: Option<Duration>,
    /// Tokens allowed per window.
    pub limit_tokens: Option<u64>,
    /// Tokens remaining in the window.
    pub remaining_tokens: Option<u64>,
    /// The time until the token limit has fully reset.
    pub reset_tokens: Option<Duration>,
}

impl RateLimits {
    /// Parses the `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` headers of OpenAI and compatible services.
    /// Names must be in lower case; other headers, and values that do not parse, are ignored.
    pub fn from_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut limits = Self::default();
        for (name, value) in headers {
            let Some(name) = name.strip_prefix("x-ratelimit-") else { continue };
            let value = value.trim();
            match name {
                "limit-requests" => set(&mut limits.limit_requests, value.parse().ok()),
                "remaining-requests" => set(&mut limits.remaining_requests, value.parse().ok()),
                "reset-requests" => set(&mut limits.reset_requests, parse_duration(value)),
                "limit-tokens" => set(&mut limits.limit_tokens, value.parse().ok()),
                "remaining-tokens" => set(&mut limits.remaining_tokens, value.parse().ok()),
                "reset-tokens" => set(&mut limits.reset_tokens, parse_duration(value)),
                _ => {}
            }
        }
        limits
    }

    /// Returns `true` if the service reported no limits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn set<T>(field: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *field = value;
    }
}

/// Parses `6m0s`, `7.66s`, `120ms`, or a bare number of seconds: numbers with a unit each, without spaces.
fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let bare = rest.is_empty() && end == text.len();
        seconds += number * if bare { 1.0 } else { take_unit(&mut rest)? };
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(seconds).ok() }
}

/// Takes the unit off the start of the text and returns it in seconds. `ms` is tried before `m`.
fn take_unit(text: &mut &str) -> Option<f64> {
    const UNITS: [(&str, f64); 8] = [
        ("ms", 1e-3),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ns", 1e-9),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
    ];
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.starts_with(unit))?;
    *text = &text[unit.len()..];
    Some(*seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<f64>) {
        let seconds = parse_duration(text).map(|duration| duration.as_secs_f64());
        match (seconds, expected) {
            (Some(seconds), Some(expected)) => {
                assert!((seconds - expected).abs() < 1e-6, "{text}: {seconds}");
            }
            (seconds, expected) => assert_eq!(seconds, expected, "{text}"),
        }
    }

    #[test]
    fn durations_in_every_notation() {
        for (text, seconds) in [
            ("1s", 1.0),
            ("6m0s", 360.0),
            ("120ms", 0.12),
            ("7.66s", 7.66),
            ("2m59.56s", 179.56),
            ("1h0m0s", 3600.0),
            ("0s", 0.0),
            ("1m30.951s", 90.951),
            ("250us", 0.000_25),
            ("250µs", 0.000_25),
            ("5ns", 5e-9),
            ("12", 12.0),
            ("0.5", 0.5),
        ] {
            check(text, Some(seconds));
        }
        for text in ["", "s", "1 s", "-1s", "1x", "1s2", "..s", "soon", "1e400s", "99999999999999999999999h"]
        {
            check(text, None);
        }
    }

    #[test]
    fn what_does_not_parse_is_passed_over() {
        let limits = RateLimits::from_headers([
            ("x-ratelimit-limit-requests", "500"),
            ("x-ratelimit-remaining-tokens", "many"),
            ("x-ratelimit-limit-project-tokens", "7"),
            ("x-ratelimit-reset", "1767225600000"),
            ("retry-after", "2"),
        ]);
        assert_eq!(limits, RateLimits { limit_requests: Some(500), ..RateLimits::default() });
        assert!(RateLimits::from_headers([("server", "nginx")]).is_empty());
    }
}
