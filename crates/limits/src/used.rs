//! The token usage of a call, as reported or estimated.

use catena_core::{Outcome, Usage};

/// Returns the usage of a call with this many input tokens: as reported, else with the output estimated from what was
/// received. A stream that broke off may have reported only part of its usage, so its output is at least the estimate.
/// `None` if neither is known.
pub(crate) fn used(outcome: &Outcome<'_>, input: u64) -> Option<Usage> {
    let received = outcome.estimated_output;
    let mut usage = outcome.usage.or_else(|| received.map(|_| Usage::new(input, 0)))?;
    if outcome.usage.is_none() || outcome.error.is_some() {
        let missing = received.unwrap_or(0).saturating_sub(usage.output_tokens);
        usage.output_tokens += missing;
        usage.total_tokens = usage.total_tokens.saturating_add(missing);
    }
    Some(usage)
}

#[cfg(test)]
mod tests {
    use catena_core::{Error, ErrorKind, RateLimits};

    use super::*;

    #[test]
    fn an_estimate_fills_what_was_not_reported() {
        let error = Error::new(ErrorKind::Connection, "down");
        let reported = Some(Usage::new(5, 2));
        for (usage, received, error, expected) in [
            (None, None, None, None),
            (None, Some(9), None, Some(Usage::new(3, 9))),
            (reported, None, None, reported),
            (reported, Some(9), None, reported),
            (None, Some(9), Some(&error), Some(Usage::new(3, 9))),
            (reported, Some(9), Some(&error), Some(Usage::new(5, 9))),
            (reported, Some(1), Some(&error), reported),
            (None, None, Some(&error), None),
        ] {
            let outcome = Outcome::new(RateLimits::default(), error);
            let outcome = outcome.with_usage(usage).with_estimated_output(received);
            assert_eq!(used(&outcome, 3), expected, "{outcome:?}");
        }
    }
}
