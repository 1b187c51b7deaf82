//! JSON values that are read in whatever form a server sends them.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A text, or a number as its text. Anything else, and the empty text, counts as absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Text(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => Some(text).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }))
    }
}

/// A boolean; anything else counts as false.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|value| value == true)
}

/// A member that is a count: an integer, a float without a fraction that matters, or the text of an integer, as
/// Protocol Buffers write large ones.
pub(super) fn count(object: &Value, name: &str) -> Option<u64> {
    match object.get(name)? {
        Value::String(text) => text.parse().ok(),
        // A float outside the range becomes the nearest bound, and not-a-number zero: no count is worth an error.
        value => value.as_u64().or_else(|| value.as_f64().map(|number| number as u64)),
    }
}

/// False for what says nothing: null, false, zero, and an empty text, list or object.
pub(super) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// Moves the members that say something.
pub(super) fn keep(from: Map<String, Value>, to: &mut Map<String, Value>) {
    let says_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    to.extend(from.into_iter().filter(|(_, value)| !says_nothing(value)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_and_counts_are_read_in_any_form() {
        for (json, expected) in [
            (json!("plain"), Some("plain")),
            (json!(404), Some("404")),
            (json!(""), None),
            (json!(null), None),
            (json!([1]), None),
            (json!({"a": 1}), None),
        ] {
            let text: Text = serde_json::from_value(json.clone()).expect("a text");
            assert_eq!(text.0.as_deref(), expected, "{json}");
        }
        for (json, expected) in [
            (json!(3), Some(3)),
            (json!(3.0), Some(3)),
            (json!("3"), Some(3)),
            (json!(-1.5), Some(0)),
            (json!([]), None),
        ] {
            assert_eq!(count(&json!({"n": json}), "n"), expected);
        }
        assert_eq!(count(&json!({}), "n"), None);
    }
}
