//! Token counts.

use catena_core::Usage;
use serde_json::{Map, Value};

use super::lenient::count;

/// Decodes a `usage` object; `None` for one without any count. The service counts tokens written to and read from its
/// cache separately from the other input tokens; here the input includes them.
pub(super) fn decode_usage(usage: &Map<String, Value>) -> Option<Usage> {
    let member = |name: &str| count(usage.get(name).filter(|value| !value.is_null()));
    let (input, output) = (member("input_tokens"), member("output_tokens"));
    let (written, read) = (member("cache_creation_input_tokens"), member("cache_read_input_tokens"));
    if [input, output, written, read] == [None; 4] {
        return None;
    }
    let parts = [input, written, read].into_iter().flatten();
    let input = parts.fold(0, u64::saturating_add);
    let mut counted = Usage::new(input, output.unwrap_or(0));
    counted.input_token_details.cache_creation = written;
    counted.input_token_details.cache_read = read;
    counted.output_token_details.reasoning =
        count(usage.get("output_tokens_details").and_then(|details| details.get("thinking_tokens")));
    Some(counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_cache_is_part_of_the_input() {
        let read = |usage: Value| decode_usage(usage.as_object().expect("an object"));
        assert_eq!(read(json!({"input_tokens": 9, "output_tokens": 3})), Some(Usage::new(9, 3)));
        assert_eq!(read(json!({"input_tokens": null, "output_tokens": 3})), Some(Usage::new(0, 3)));
        for nothing in [json!({}), json!({"service_tier": "standard", "input_tokens": null})] {
            assert_eq!(read(nothing), None);
        }
        let usage = read(json!({
            "input_tokens": 5, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 1000, "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 4},
        }));
        let usage = usage.expect("a usage");
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (1105, 7, 1112));
        let details = usage.input_token_details;
        assert_eq!((details.cache_creation, details.cache_read), (Some(100), Some(1000)));
        assert_eq!(usage.output_token_details.reasoning, Some(4));
    }
}
