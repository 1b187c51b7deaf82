//! Lenient decoding of JSON values, whatever form a service sends them in.
//!
//! Services that imitate another's API get details wrong: an error code is a number in one and a string in another, a
//! count is `3.0`. None of this is worth failing a response. The types and functions here accept what is there, and
//! treat what makes no sense as absent.
//!
//! # Example
//! ```
//! use catena_http::service::lenient::{Text, count, is_truthy};
//! use serde_json::{Value, json};
//!
//! let id: Text<'_> = serde_json::from_str("404")?;
//! assert_eq!(id.as_str(), Some("404"));
//! let usage = json!({"input": 3.0, "output": "4", "error": {}});
//! assert_eq!((count(usage.get("input")), count(usage.get("output"))), (Some(3), Some(4)));
//! assert!(!is_truthy(&usage["error"]));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A string, or a number or boolean converted to text. Anything else counts as absent. Borrows from the input if the
/// JSON has no escapes.
///
/// # Example
/// ```
/// use catena_http::service::lenient::Text;
/// let text: Text<'_> = serde_json::from_str(r#"{"not": "a text"}"#)?;
/// assert_eq!(text, Text(None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

impl<'a> Text<'a> {
    /// Returns the text if it is borrowed from the input.
    pub fn borrowed(&self) -> Option<&'a str> {
        match self.0 {
            Some(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the text, unless absent or empty.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// Returns the owned text, unless absent or empty.
    pub fn into_string(self) -> Option<String> {
        self.0.filter(|text| !text.is_empty()).map(Cow::into_owned)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// Returns a count: an integer, a float (truncated), or an integer as a string, as Protocol Buffers encode large ones.
pub fn count(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.parse().ok(),
        // The cast of a float saturates: no count is worth an error.
        value => value.as_u64().or_else(|| value.as_f64().map(|number| number as u64)),
    }
}

/// Returns false for empty values: null, false, zero, and an empty string, array or object.
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(text))))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(value.to_string()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Text(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let text: Text<'_> = serde_json::from_str(json).expect(json);
        assert_eq!(text.0.as_deref(), expected, "{json}");
    }

    #[test]
    fn text_is_read_in_any_form() {
        check(r#""plain""#, Some("plain"));
        check(r#""esc\u0061ped""#, Some("escaped"));
        check("404", Some("404"));
        check("-1", Some("-1"));
        check("1.5", Some("1.5"));
        check("true", Some("true"));
        check("null", None);
        check("[1, [2]]", None);
        check(r#"{"a": {"b": 1}}"#, None);
        let borrowed: Text<'_> = serde_json::from_str(r#""plain""#).expect("text");
        assert_eq!(borrowed.borrowed(), Some("plain"), "no copy where none is needed");
    }

    #[test]
    fn counts_are_read_in_any_form() {
        for (value, expected) in [
            (json!(3), Some(3)),
            (json!(3.0), Some(3)),
            (json!("3"), Some(3)),
            (json!(-1.5), Some(0)),
            (json!(1e300), Some(u64::MAX)),
            (json!("three"), None),
            (json!(null), None),
            (json!([3]), None),
        ] {
            assert_eq!(count(Some(&value)), expected, "{value}");
        }
        assert_eq!(count(None), None);
    }

    #[test]
    fn some_values_say_nothing() {
        for value in [json!(null), json!(false), json!(0), json!(0.0), json!(""), json!([]), json!({})] {
            assert!(!is_truthy(&value), "{value}");
        }
        for value in [json!(true), json!(-1), json!(" "), json!([null]), json!({"a": null})] {
            assert!(is_truthy(&value), "{value}");
        }
    }
}
