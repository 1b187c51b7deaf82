//! Token counts.

use catena_core::Usage;
use serde_json::Value;

use super::lenient::count;

/// Reads a `usage` object. Absent or null members count zero; an object without any count is none.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    let member = |name: &str| count(usage.get(name));
    let (input, output, total) =
        (member("prompt_tokens"), member("completion_tokens"), member("total_tokens"));
    if (input, output, total) == (None, None, None) {
        return None;
    }
    let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
    let mut counted = total.map_or(sum, |total| sum.with_total(total));
    let detail = |details: &str, name: &str| count(usage.get(details)?.get(name));
    let input = &mut counted.input_token_details;
    input.audio = detail("prompt_tokens_details", "audio_tokens");
    input.cache_read = detail("prompt_tokens_details", "cached_tokens");
    input.cache_creation = detail("prompt_tokens_details", "cache_write_tokens");
    let output = &mut counted.output_token_details;
    output.audio = detail("completion_tokens_details", "audio_tokens");
    output.reasoning = detail("completion_tokens_details", "reasoning_tokens");
    Some(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn missing_counts_are_made_up_for() {
        for (usage, expected) in [
            (json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}), Some(Usage::new(9, 3))),
            (json!({"prompt_tokens": 9, "completion_tokens": 3}), Some(Usage::new(9, 3))),
            (
                json!({"prompt_tokens": 9, "completion_tokens": null, "total_tokens": null}),
                Some(Usage::new(9, 0)),
            ),
            (json!({"prompt_tokens": 9, "total_tokens": 20}), Some(Usage::new(9, 0).with_total(20))),
            (json!({"prompt_tokens": 9.0, "completion_tokens": -1.0}), Some(Usage::new(9, 0))),
            (json!({}), None),
            (json!(null), None),
            (json!("many"), None),
        ] {
            assert_eq!(decode_usage(&usage), expected, "{usage}");
        }
    }

    #[test]
    fn details_are_kept_as_far_as_there_are_any() {
        let usage = json!({"prompt_tokens": 9, "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": null},
            "completion_tokens_details": {"reasoning_tokens": 2}});
        let usage = decode_usage(&usage).expect("a usage");
        assert_eq!((usage.input_token_details.cache_read, usage.input_token_details.audio), (Some(0), None));
        assert_eq!(usage.output_token_details.reasoning, Some(2));
    }
}
