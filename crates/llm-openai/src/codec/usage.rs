//! Token counts.

use catena_core::{ResponseMetadata, TokenUsage, Usage};
use serde_json::Value;
use serde_json::value::RawValue;

use super::lenient::is_truthy;
use super::raw_members::raw_members;

/// The counts of a `usage` object. Absent or null members count as nothing, and so does anything that is no number.
#[derive(Debug, Default)]
struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    total: Option<u64>,
    input_audio: Option<u64>,
    cache_read: Option<u64>,
    cache_creation: Option<u64>,
    output_audio: Option<u64>,
    reasoning: Option<u64>,
}

impl Counts {
    fn read(usage: &str) -> Self {
        let mut counts = Self::default();
        for (name, value) in raw_members(usage) {
            match name {
                "prompt_tokens" => counts.input = count(value),
                "completion_tokens" => counts.output = count(value),
                "total_tokens" => counts.total = count(value),
                "prompt_tokens_details" => counts.read_input_details(value),
                "completion_tokens_details" => counts.read_output_details(value),
                _ => {}
            }
        }
        counts
    }

    fn read_input_details(&mut self, details: &str) {
        for (name, value) in raw_members(details) {
            match name {
                "audio_tokens" => self.input_audio = count(value),
                "cached_tokens" => self.cache_read = count(value),
                "cache_write_tokens" => self.cache_creation = count(value),
                _ => {}
            }
        }
    }

    fn read_output_details(&mut self, details: &str) {
        for (name, value) in raw_members(details) {
            match name {
                "audio_tokens" => self.output_audio = count(value),
                "reasoning_tokens" => self.reasoning = count(value),
                _ => {}
            }
        }
    }

    /// `None` if there is no count.
    fn into_usage(self) -> Option<Usage> {
        if (self.input, self.output, self.total) == (None, None, None) {
            return None;
        }
        let sum = Usage::new(self.input.unwrap_or(0), self.output.unwrap_or(0));
        let mut usage = self.total.map_or(sum, |total| sum.with_total(total));
        let details = &mut usage.input_token_details;
        details.audio = self.input_audio;
        details.cache_read = self.cache_read;
        details.cache_creation = self.cache_creation;
        let details = &mut usage.output_token_details;
        details.audio = self.output_audio;
        details.reasoning = self.reasoning;
        Some(usage)
    }
}

/// A JSON number without its fraction, as some services write counts as floats; one below zero counts as zero.
fn count(json: &str) -> Option<u64> {
    // Outside the range a float becomes the nearest bound. What is no number, `f64` may yet know by a word.
    let float = || {
        json.starts_with(|first: char| first.is_ascii_digit() || first == '-').then(|| json.parse::<f64>())
    };
    json.parse().ok().or_else(|| Some(float()?.ok()? as u64))
}

/// Reads a `usage` object. Absent or null members count zero; an object without any count is none.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    Counts::read(&usage.to_string()).into_usage()
}

/// Reads the `usage` of an answer, and keeps it as it is in the metadata unless it says nothing. Where it is missing, some
/// services have another place for it.
pub(super) fn take_usage(usage: Option<&RawValue>, metadata: &mut ResponseMetadata) -> Option<Usage> {
    let json = usage.map_or("", RawValue::get);
    let counted = Counts::read(json).into_usage();
    if counted.is_some() || serde_json::from_str(json).is_ok_and(|usage: Value| is_truthy(&usage)) {
        metadata.token_usage = Some(TokenUsage::from_json(json));
    }
    counted.or_else(|| decode_usage(metadata.extra.get("x_groq")?.get("usage")?))
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
            (
                json!({"prompt_tokens": 9, "prompt_tokens_details": [1], "completion_tokens_details": "x"}),
                Some(Usage::new(9, 0)),
            ),
            (json!({"prompt_tokens": "9", "completion_tokens": true, "total_tokens": {}}), None),
            (json!({}), None),
            (json!([{}]), None),
            (json!(null), None),
            (json!("many"), None),
        ] {
            assert_eq!(decode_usage(&usage), expected, "{usage}");
            let raw = serde_json::value::to_raw_value(&usage).expect("JSON");
            let mut metadata = ResponseMetadata::default();
            assert_eq!(take_usage(Some(&raw), &mut metadata), expected, "{usage}");
            assert_eq!(metadata.token_usage, is_truthy(&usage).then(|| usage.into()));
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
