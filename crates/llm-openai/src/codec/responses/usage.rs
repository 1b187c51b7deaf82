//! Token counts of the Responses API.

use catena_core::Usage;
use serde_json::Value;

use crate::codec::lenient::count;
use crate::codec::usage;

/// Reads a `usage` object. Absent or null members count zero; an object without any count is none. Some services count here
/// as they do for chat completions.
pub(super) fn decode_usage(counts: &Value) -> Option<Usage> {
    let member = |name: &str| count(counts.get(name));
    let (input, output, total) = (member("input_tokens"), member("output_tokens"), member("total_tokens"));
    if (input, output) == (None, None) {
        return usage::decode_usage(counts);
    }
    let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
    let mut counted = total.map_or(sum, |total| sum.with_total(total));
    let detail = |details: &str, name: &str| count(counts.get(details)?.get(name));
    counted.input_token_details.cache_read = detail("input_tokens_details", "cached_tokens");
    counted.input_token_details.cache_creation = detail("input_tokens_details", "cache_write_tokens");
    counted.input_token_details.audio = detail("input_tokens_details", "audio_tokens");
    counted.output_token_details.reasoning = detail("output_tokens_details", "reasoning_tokens");
    counted.output_token_details.audio = detail("output_tokens_details", "audio_tokens");
    Some(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_are_read_as_far_as_there_are_any() {
        let full = json!({"input_tokens": 30, "input_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 2},
            "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 8}, "total_tokens": 51});
        let full = decode_usage(&full).expect("a usage");
        assert_eq!((full.input_tokens, full.output_tokens, full.total_tokens), (30, 20, 51));
        assert_eq!(
            (full.input_token_details.cache_read, full.input_token_details.cache_creation),
            (Some(10), Some(2))
        );
        assert_eq!(full.output_token_details.reasoning, Some(8));
        assert_eq!(decode_usage(&json!({"input_tokens": 1, "output_tokens": 2.0})), Some(Usage::new(1, 2)));
        let total = Usage::new(0, 0).with_total(3);
        assert_eq!(decode_usage(&json!({"total_tokens": 3})), Some(total));
        assert_eq!(decode_usage(&json!({})), None);
        assert_eq!(decode_usage(&json!(null)), None);
    }

    #[test]
    fn counts_of_chat_completions_are_read_too() {
        let usage = json!({"prompt_tokens": 71, "total_tokens": 109, "completion_tokens": 38, "reasoning_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 64}});
        let usage = decode_usage(&usage).expect("a usage");
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (71, 38, 109));
        assert_eq!(usage.input_token_details.cache_read, Some(64));
        assert_eq!(usage.output_token_details.reasoning, Some(12));
    }
}
