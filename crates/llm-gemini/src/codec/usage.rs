//! Token counts.

use catena_core::Usage;
use serde_json::Value;

use super::lenient::count;

/// Decodes a `usageMetadata` object. Thoughts count as output tokens, what server tools read as input tokens. Absent
/// counts are zero; `None` for an object without any count.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    let of = |name: &str| count(usage.get(name));
    let parts = |one: Option<u64>, other: Option<u64>| {
        (one.is_some() || other.is_some()).then(|| one.unwrap_or(0).saturating_add(other.unwrap_or(0)))
    };
    let thoughts = of("thoughtsTokenCount");
    let input = parts(of("promptTokenCount"), of("toolUsePromptTokenCount"));
    // Vertex and some proxies use the second name.
    let output = parts(of("candidatesTokenCount").or_else(|| of("responseTokenCount")), thoughts);
    let total = of("totalTokenCount");
    if (input, output, total) == (None, None, None) {
        return None;
    }
    let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
    let mut usage_read = total.map_or(sum, |total| sum.with_total(total));
    usage_read.input_token_details.cache_read = of("cachedContentTokenCount");
    usage_read.input_token_details.audio = audio(usage, "promptTokensDetails");
    usage_read.output_token_details.audio = audio(usage, "candidatesTokensDetails");
    usage_read.output_token_details.reasoning = thoughts;
    Some(usage_read)
}

fn audio(usage: &Value, details: &str) -> Option<u64> {
    let modalities = usage.get(details)?.as_array()?;
    let audio = modalities.iter().find(|modality| modality["modality"] == "AUDIO")?;
    count(audio.get("tokenCount"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_are_read() {
        for (usage, expected) in [
            (
                json!({"promptTokenCount": 9, "candidatesTokenCount": 3, "totalTokenCount": 12}),
                Some(Usage::new(9, 3)),
            ),
            (json!({"promptTokenCount": 9}), Some(Usage::new(9, 0))),
            (json!({"promptTokenCount": "9", "candidatesTokenCount": null}), Some(Usage::new(9, 0))),
            (
                json!({"promptTokenCount": 9, "toolUsePromptTokenCount": 2, "totalTokenCount": 20}),
                Some(Usage::new(11, 0).with_total(20)),
            ),
            (json!({}), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(decode_usage(&usage), expected, "{usage}");
        }
    }

    #[test]
    fn details_are_kept() {
        let usage = json!({"promptTokenCount": 100, "candidatesTokenCount": 3, "thoughtsTokenCount": 40, "totalTokenCount": 143,
            "cachedContentTokenCount": 80,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "AUDIO", "tokenCount": 90}]});
        let usage = decode_usage(&usage).expect("a usage");
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.total_tokens), (100, 43, 143));
        assert_eq!(
            (usage.input_token_details.cache_read, usage.input_token_details.audio),
            (Some(80), Some(90))
        );
        assert_eq!(
            (usage.output_token_details.reasoning, usage.output_token_details.audio),
            (Some(40), None)
        );
    }
}
