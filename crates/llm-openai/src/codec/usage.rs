//! Token counts.

use std::borrow::Cow;

use catena_core::{ResponseMetadata, TokenUsage, Usage};
use serde::de::{Deserialize, Deserializer, MapAccess};
use serde_json::Value;
use serde_json::value::RawValue;

use super::lenient::is_truthy;
use super::members::{Count, Members, read_lenient_object, skip};

/// What is read of a `usage` object. Absent or null members count as nothing, and so does anything that is no number.
#[derive(Debug, Default)]
struct WireUsage {
    input: Count,
    output: Count,
    total: Count,
    input_details: Details,
    output_details: Details,
}

#[derive(Debug, Default)]
struct Details {
    audio: Count,
    cache_read: Count,
    cache_creation: Count,
    reasoning: Count,
}

impl<'de> Members<'de> for WireUsage {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "prompt_tokens" => self.input = object.next_value()?,
            "completion_tokens" => self.output = object.next_value()?,
            "total_tokens" => self.total = object.next_value()?,
            "prompt_tokens_details" => self.input_details = object.next_value()?,
            "completion_tokens_details" => self.output_details = object.next_value()?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

impl<'de> Members<'de> for Details {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "audio_tokens" => self.audio = object.next_value()?,
            "cached_tokens" => self.cache_read = object.next_value()?,
            "cache_write_tokens" => self.cache_creation = object.next_value()?,
            "reasoning_tokens" => self.reasoning = object.next_value()?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for WireUsage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_lenient_object(deserializer)
    }
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_lenient_object(deserializer)
    }
}

impl WireUsage {
    /// `None` for an object without any count.
    fn counted(&self) -> Option<Usage> {
        let (input, output, total) = (self.input.0, self.output.0, self.total.0);
        if (input, output, total) == (None, None, None) {
            return None;
        }
        let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
        let mut counted = total.map_or(sum, |total| sum.with_total(total));
        let details = &mut counted.input_token_details;
        details.audio = self.input_details.audio.0;
        details.cache_read = self.input_details.cache_read.0;
        details.cache_creation = self.input_details.cache_creation.0;
        let details = &mut counted.output_token_details;
        details.audio = self.output_details.audio.0;
        details.reasoning = self.output_details.reasoning.0;
        Some(counted)
    }
}

/// Reads a `usage` object. Absent or null members count zero; an object without any count is none.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    WireUsage::deserialize(usage).ok()?.counted()
}

/// Reads a `usage` object as it came.
pub(super) fn read_usage(usage: &RawValue) -> Option<Usage> {
    serde_json::from_str::<WireUsage>(usage.get()).ok()?.counted()
}

/// Reads the `usage` of an answer, and keeps it as it is in the metadata unless it says nothing. Where it is missing, some
/// services have another place for it.
pub(super) fn take_usage(usage: Option<&RawValue>, metadata: &mut ResponseMetadata) -> Option<Usage> {
    let json = usage.map_or("", RawValue::get);
    let counted = usage.and_then(read_usage);
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
