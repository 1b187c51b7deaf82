//! Token counts.

use std::borrow::Cow;

use catena_core::{ResponseMetadata, TokenUsage, Usage};
use serde::de::{Deserialize, Deserializer, MapAccess};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lenient::is_truthy;
use super::members::{Count, Facts, Members, deserialize_members, read_lenient_object, skip};

/// What is read of a `usage` object. Absent or null members count as nothing, and so does anything that is no number.
#[derive(Debug, Default)]
pub(super) struct WireUsage<'a> {
    input: Count,
    output: Count,
    total: Count,
    input_details: Option<Details<'a>>,
    output_details: Option<Details<'a>>,
    rest: Rest<'a>,
}

#[derive(Debug, Default)]
struct Details<'a> {
    audio: Count,
    cache_read: Count,
    cache_creation: Count,
    reasoning: Count,
    accepted: Count,
    rejected: Count,
    rest: Rest<'a>,
}

/// What an object holds beside the members that are known.
#[derive(Debug, Default)]
struct Rest<'a> {
    others: Facts<'a>,
    /// A known member is something else than what it should be, so that its JSON cannot be written again.
    odd: bool,
}

impl<'de> Rest<'de> {
    fn take_count<A: MapAccess<'de>>(&mut self, count: &mut Count, object: &mut A) -> Result<(), A::Error> {
        *count = object.next_value()?;
        self.odd |= !count.exact;
        Ok(())
    }

    fn take_details<A: MapAccess<'de>>(
        &mut self,
        details: &mut Option<Details<'de>>,
        object: &mut A,
    ) -> Result<(), A::Error> {
        let read: Details<'de> = object.next_value()?;
        self.odd |= !read.is_exact();
        *details = Some(read);
        Ok(())
    }

    fn take_other<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        // A name that holds escapes has another form in JSON.
        self.odd |= matches!(name, Cow::Owned(_));
        self.others.push((name, object.next_value()?));
        Ok(())
    }
}

impl<'de> Members<'de> for WireUsage<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            PROMPT => self.rest.take_count(&mut self.input, object),
            COMPLETION => self.rest.take_count(&mut self.output, object),
            TOTAL => self.rest.take_count(&mut self.total, object),
            PROMPT_DETAILS => self.rest.take_details(&mut self.input_details, object),
            COMPLETION_DETAILS => self.rest.take_details(&mut self.output_details, object),
            _ => self.rest.take_other(name, object),
        }
    }
}

impl<'de> Members<'de> for Details<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            AUDIO => self.rest.take_count(&mut self.audio, object),
            CACHED => self.rest.take_count(&mut self.cache_read, object),
            CACHE_WRITE => self.rest.take_count(&mut self.cache_creation, object),
            REASONING => self.rest.take_count(&mut self.reasoning, object),
            ACCEPTED => self.rest.take_count(&mut self.accepted, object),
            REJECTED => self.rest.take_count(&mut self.rejected, object),
            _ => self.rest.take_other(name, object),
        }
    }
}

const PROMPT: &str = "prompt_tokens";
const COMPLETION: &str = "completion_tokens";
const TOTAL: &str = "total_tokens";
const PROMPT_DETAILS: &str = "prompt_tokens_details";
const COMPLETION_DETAILS: &str = "completion_tokens_details";
const AUDIO: &str = "audio_tokens";
const CACHED: &str = "cached_tokens";
const CACHE_WRITE: &str = "cache_write_tokens";
const REASONING: &str = "reasoning_tokens";
const ACCEPTED: &str = "accepted_prediction_tokens";
const REJECTED: &str = "rejected_prediction_tokens";

impl<'de: 'a, 'a> Deserialize<'de> for WireUsage<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_lenient_object(deserializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Details<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_lenient_object(deserializer)
    }
}

impl WireUsage<'_> {
    /// `None` for an object without any count.
    pub(super) fn counted(&self) -> Option<Usage> {
        let (input, output, total) = (self.input.value, self.output.value, self.total.value);
        if (input, output, total) == (None, None, None) {
            return None;
        }
        let sum = Usage::new(input.unwrap_or(0), output.unwrap_or(0));
        let mut counted = total.map_or(sum, |total| sum.with_total(total));
        if let Some(read) = &self.input_details {
            let details = &mut counted.input_token_details;
            details.audio = read.audio.value;
            details.cache_read = read.cache_read.value;
            details.cache_creation = read.cache_creation.value;
        }
        if let Some(read) = &self.output_details {
            let details = &mut counted.output_token_details;
            details.audio = read.audio.value;
            details.reasoning = read.reasoning.value;
        }
        Some(counted)
    }

    /// The JSON that it was read from, but for spaces and the order of members; `None` where that is not known.
    fn to_json(&self) -> Option<String> {
        let counts = [(PROMPT, self.input), (COMPLETION, self.output), (TOTAL, self.total)];
        let any = counts.iter().any(|(_, count)| count.exact) || !self.rest.others.is_empty();
        let any = any || self.input_details.is_some() || self.output_details.is_some();
        // What has no member may have been anything.
        if !any || self.rest.odd {
            return None;
        }
        let details = [(PROMPT_DETAILS, &self.input_details), (COMPLETION_DETAILS, &self.output_details)];
        // Enough for what OpenAI says.
        let mut json = String::with_capacity(320);
        write_members(&mut json, &counts, &self.rest.others);
        for (name, details) in details {
            if let Some(details) = details {
                write_name(&mut json, name);
                write_members(&mut json, &details.counts(), &details.rest.others);
                json.push('}');
            }
        }
        json.push('}');
        Some(json)
    }
}

impl Details<'_> {
    /// Whether its JSON can be written again. What has no member may have been anything.
    fn is_exact(&self) -> bool {
        let any = self.counts().iter().any(|(_, count)| count.exact) || !self.rest.others.is_empty();
        any && !self.rest.odd
    }

    fn counts(&self) -> [(&'static str, Count); 6] {
        [
            (AUDIO, self.audio),
            (CACHED, self.cache_read),
            (CACHE_WRITE, self.cache_creation),
            (REASONING, self.reasoning),
            (ACCEPTED, self.accepted),
            (REJECTED, self.rejected),
        ]
    }
}

/// Opens an object and writes these members.
fn write_members(json: &mut String, counts: &[(&'static str, Count)], others: &Facts<'_>) {
    json.push('{');
    for (name, count) in counts {
        if let Some(value) = count.value {
            write_name(json, name);
            write_number(json, value);
        }
    }
    for (name, value) in others {
        write_name(json, name);
        json.push_str(value.get());
    }
}

/// Without the machinery of formatting, which would cost more than everything else here.
fn write_number(json: &mut String, number: u64) {
    if number >= 10 {
        write_number(json, number / 10);
    }
    json.push(char::from(b'0' + (number % 10) as u8));
}

/// Begins a member. The name needs no escapes.
fn write_name(json: &mut String, name: &str) {
    json.push_str(if json.ends_with('{') { "\"" } else { ",\"" });
    json.push_str(name);
    json.push_str("\":");
}

/// Reads a `usage` object. Absent or null members count zero; an object without any count is none.
pub(super) fn decode_usage(usage: &Value) -> Option<Usage> {
    serde_json::from_str::<WireUsage<'_>>(&usage.to_string()).ok()?.counted()
}

/// Keeps the `usage` that was read of `body` in the metadata unless it says nothing, and returns its counts.
pub(super) fn take_counts(
    usage: Option<WireUsage<'_>>,
    body: &[u8],
    metadata: &mut ResponseMetadata,
) -> Option<Usage> {
    let Some(usage) = usage else { return elsewhere(&metadata.extra) };
    let Some(json) = usage.to_json() else {
        // Rare enough to be read once more, as it stands.
        let raw: Option<RawUsage<'_>> = serde_json::from_slice(body).ok();
        return take_usage(raw.and_then(|raw| raw.usage), metadata);
    };
    metadata.token_usage = Some(TokenUsage::from_json(json));
    usage.counted().or_else(|| elsewhere(&metadata.extra))
}

#[derive(Default)]
struct RawUsage<'a> {
    usage: Option<&'a RawValue>,
}

impl<'de> Members<'de> for RawUsage<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "usage" => self.usage = object.next_value()?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

deserialize_members!(RawUsage);

/// Reads the `usage` of an event, and keeps it as it is in the metadata unless it says nothing.
pub(super) fn take_usage(usage: Option<&RawValue>, metadata: &mut ResponseMetadata) -> Option<Usage> {
    let json = usage.map_or("", RawValue::get);
    let counted = serde_json::from_str::<WireUsage<'_>>(json).ok().and_then(|usage| usage.counted());
    if counted.is_some() || serde_json::from_str(json).is_ok_and(|usage: Value| is_truthy(&usage)) {
        metadata.token_usage = Some(TokenUsage::from_json(json));
    }
    counted.or_else(|| elsewhere(&metadata.extra))
}

/// The counts of services that have another place for them.
pub(super) fn elsewhere(extra: &Map<String, Value>) -> Option<Usage> {
    decode_usage(extra.get("x_groq")?.get("usage")?)
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
    fn what_a_whole_answer_says_is_kept_as_it_was() {
        for usage in [
            r#"{"prompt_tokens":18446744073709551615,"completion_tokens":0,"total_tokens":10}"#,
            r#"{"prompt_tokens":9,"cost":0.5,"note":"a \"b\"","none":null,"prompt_tokens_details":{"cached_tokens":3,"x":[1]}}"#,
            r#"{"completion_tokens_details":{"reasoning_tokens":2,"accepted_prediction_tokens":1}}"#,
            r#"{"prompt_tokens":9.0,"completion_tokens":null,"prompt_tokens_details":{}}"#,
            r#"{"prompt_tokens":-1,"a\"b":1,"prompt_tokens_details":null,"completion_tokens_details":[1]}"#,
            r#""many""#,
        ] {
            let body = format!(r#"{{"id":"c","usage":{usage},"choices":[]}}"#);
            let read: RawUsage<'_> = serde_json::from_str(&body).expect("an answer");
            let (mut whole, mut raw) = (ResponseMetadata::default(), ResponseMetadata::default());
            let wire = serde_json::from_str(usage).expect("a usage");
            let counted = take_counts(Some(wire), body.as_bytes(), &mut whole);
            assert_eq!(counted, take_usage(read.usage, &mut raw), "{usage}");
            assert_eq!(
                whole.token_usage.map(|usage| usage.to_value()),
                serde_json::from_str(usage).ok(),
                "{usage}"
            );
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
