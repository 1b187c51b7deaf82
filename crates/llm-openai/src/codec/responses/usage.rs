//! Token counts of the Responses API.

use catena_core::Usage;
use serde_json::Value;

use crate::codec::lenient::count;

/// Decodes a `usage` object. Absent or null members count as zero; `None` for an object without any count.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    let member = |name: &str| count(usage.get(name));
    let (input, output, total) = (member("input_tokens"), member("output_tokens"), member("total_tokens"));
    if (input, output, total) == (None, None, None) {
        return None;
    }
    let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
    let mut counted = total.map_or(sum, |total| sum.with_total(total));
    let detail = |details: &str, name: &str| count(usage.get(details)?.get(name));
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
        assert_eq!(decode_usage(&json!({})), None);
        assert_eq!(decode_usage(&json!(null)), None);
    }
}
