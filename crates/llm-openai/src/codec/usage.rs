//! Token counts.

use catena_core::{ResponseMetadata, TokenUsage, Usage};
use serde_json::Value;
use serde_json::value::RawValue;

use super::lenient::is_truthy;

/// The counts of a `usage` object, as [`NAMES`] lists them. Absent and null members count as zero, and so does anything
/// but a number.
#[derive(Debug, Default)]
struct Counts([Option<u64>; NAMES.len()]);

const NAMES: [(Place, &[u8]); 9] = [
    (Place::Top, b"prompt_tokens"),
    (Place::Top, b"completion_tokens"),
    (Place::Top, b"total_tokens"),
    (Place::Input, b"audio_tokens"),
    (Place::Input, b"cached_tokens"),
    (Place::Input, b"cache_write_tokens"),
    (Place::Output, b"audio_tokens"),
    (Place::Output, b"reasoning_tokens"),
    // The same count as sent by services without details of the output.
    (Place::Top, b"reasoning_tokens"),
];

/// The position of a count in a `usage` object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Input,
    Output,
    /// Anywhere else, where counts are ignored.
    Elsewhere,
}

impl Place {
    fn named(name: &[u8]) -> Self {
        match name {
            b"prompt_tokens_details" => Self::Input,
            b"completion_tokens_details" => Self::Output,
            _ => Self::Elsewhere,
        }
    }
}

impl Counts {
    /// Parses a valid JSON object in one pass: its nesting is known, and only names and numbers matter. Such an object
    /// ends every answer, and a generic parser takes four times as long.
    fn read(usage: &str) -> Self {
        let mut counts = Self::default();
        let (json, mut at) = (usage.as_bytes(), 0);
        if !usage.trim_ascii_start().starts_with('{') {
            return counts;
        }
        let (mut depth, mut place, mut name) = (0_usize, Place::Elsewhere, &json[..0]);
        while let Some(byte) = json.get(at) {
            let mut length = 1;
            match byte {
                b'"' => {
                    name = string(&json[at + 1..]);
                    // With the colon, which usually follows.
                    length = name.len() + 2 + usize::from(json.get(at + name.len() + 2) == Some(&b':'));
                }
                b'{' | b'[' => {
                    depth += 1;
                    place = if depth == 1 {
                        Place::Top
                    } else if depth == 2 {
                        Place::named(name)
                    } else {
                        Place::Elsewhere
                    };
                    name = &json[..0];
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    place = if depth == 1 { Place::Top } else { Place::Elsewhere };
                }
                b',' => name = &json[..0],
                b'-' | b'0'..=b'9' => {
                    let number;
                    (number, length) = count(&usage[at..]);
                    if let Some(known) = NAMES.iter().position(|known| *known == (place, name)) {
                        counts.0[known] = number;
                    }
                }
                _ => {}
            }
            at += length;
        }
        counts
    }

    /// Returns `None` if there is no count.
    fn into_usage(self) -> Option<Usage> {
        let Self([input, output, total, input_audio, cached, cache_write, output_audio, reasoning, thoughts]) =
            self;
        if (input, output, total) == (None, None, None) {
            return None;
        }
        let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
        let mut usage = total.map_or(sum, |total| sum.with_total(total));
        let details = &mut usage.input_token_details;
        details.audio = input_audio;
        details.cache_read = cached;
        details.cache_creation = cache_write;
        let details = &mut usage.output_token_details;
        details.audio = output_audio;
        details.reasoning = reasoning.or(thoughts);
        Some(usage)
    }
}

/// Returns the string that ends at the next quote, or everything if there is none.
fn string(json: &[u8]) -> &[u8] {
    let is_end = |&end: &usize| json[..end].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 0;
    let end =
        memchr::memchr(b'"', json).filter(is_end).or_else(|| memchr::memchr_iter(b'"', json).find(is_end));
    &json[..end.unwrap_or(json.len())]
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The length of the longest integer that surely fits.
const SURE_DIGITS: usize = 19;

/// Parses the JSON number at the start of `json` without its fraction, because some services write counts as floats, and
/// returns it with its length. Negative numbers count as zero.
fn count(json: &str) -> (Option<u64>, usize) {
    let (mut number, mut length) = (0_u64, 0);
    for byte in json.bytes().take(SURE_DIGITS).take_while(u8::is_ascii_digit) {
        number = number * 10 + u64::from(byte - b'0');
        length += 1;
    }
    if length > 0 && !json.as_bytes().get(length).is_some_and(|byte| is_of_number(*byte)) {
        return (Some(number), length);
    }
    let length = json.bytes().take_while(|byte| is_of_number(*byte)).count();
    let number = &json[..length];
    // Out-of-range floats saturate.
    (number.parse().ok().or_else(|| number.parse::<f64>().ok().map(|number| number as u64)), length)
}

/// Decodes a `usage` object. Absent or null members count as zero; `None` for an object without any count.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    Counts::read(&usage.to_string()).into_usage()
}

/// Decodes a raw `usage` object.
pub(super) fn read_usage(usage: &RawValue) -> Option<Usage> {
    Counts::read(usage.get()).into_usage()
}

/// Decodes the `usage` of an answer, and stores it unchanged in the metadata unless it is empty. If it is missing,
/// checks the other places where some services put it.
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
            (json!(["prompt_tokens", 9]), None),
            (json!([{"prompt_tokens": 9}]), None),
            (
                json!({"prompt_tokens": [9], "x": {"prompt_tokens": 9}, "prompt_tokens_details": ["audio_tokens", 9]}),
                None,
            ),
            (json!({"\\\\": "\\\"", "x": {"y": [{}, 1]}, "prompt_tokens": 9}), Some(Usage::new(9, 0))),
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
    fn numbers_and_spaces_are_read_in_any_form() {
        for (number, expected) in [
            ("7", 7),
            ("7.9", 7),
            ("7e2", 700),
            ("-7", 0),
            ("9999999999999999999", 9_999_999_999_999_999_999),
            ("18446744073709551615", u64::MAX),
            ("99999999999999999999", u64::MAX),
        ] {
            let usage = format!("{{\n  \"prompt_tokens\" : {number} ,\"completion_tokens\":0\n}}");
            let raw = RawValue::from_string(usage).expect("JSON");
            assert_eq!(read_usage(&raw), Some(Usage::new(expected, 0)), "{number}");
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

    #[test]
    fn thoughts_are_counted_in_the_details_or_beside_them() {
        for (usage, expected) in [
            (json!({"completion_tokens": 3, "reasoning_tokens": 2}), Some(2)),
            (
                json!({"completion_tokens": 3, "reasoning_tokens": 2, "completion_tokens_details": null}),
                Some(2),
            ),
            (
                json!({"completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 2}, "reasoning_tokens": 0}),
                Some(2),
            ),
            (json!({"completion_tokens": 3, "prompt_tokens_details": {"reasoning_tokens": 2}}), None),
            (json!({"completion_tokens": 3, "reasoning_tokens": null}), None),
        ] {
            let counted = decode_usage(&usage).expect("a usage");
            assert_eq!(counted.output_token_details.reasoning, expected, "{usage}");
        }
    }
}
