//! JSON values that are accepted in any form that a server sends.

pub(super) use catena_http::service::lenient::{count, is_truthy};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A text, or a number as text. Anything else, and an empty text, counts as absent.
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

/// Deserializes a boolean; anything else counts as false.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|value| value == true)
}

/// Moves the members that are neither null nor an empty list.
pub(super) fn keep(from: Map<String, Value>, to: &mut Map<String, Value>) {
    let says_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    to.extend(from.into_iter().filter(|(_, value)| !says_nothing(value)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_read_in_any_form() {
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
    }
}
