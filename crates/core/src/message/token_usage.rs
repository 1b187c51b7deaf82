//! Token counts in a provider's own format.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Token counts in the provider's own format, kept as JSON text and parsed on access. For counts in a common format,
/// see the message's [`Usage`](crate::Usage).
///
/// # Example
/// ```
/// use catena_core::TokenUsage;
/// use serde_json::json;
/// let usage = TokenUsage::from_json(r#"{"prompt_tokens": 9, "cost": 0.5}"#);
/// assert_eq!(usage.to_value()["cost"], 0.5);
/// assert_eq!(usage, TokenUsage::from(json!({"cost": 0.5, "prompt_tokens": 9})));
/// ```
#[derive(Clone)]
pub struct TokenUsage(Box<str>);

impl TokenUsage {
    /// Creates the counts from the provider's JSON text. Invalid JSON reads as `null`.
    pub fn from_json(json: impl Into<Box<str>>) -> Self {
        Self(json.into())
    }

    /// Parses the counts.
    pub fn to_value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl From<Value> for TokenUsage {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

/// Compares the parsed counts, regardless of formatting.
impl PartialEq for TokenUsage {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.to_value() == other.to_value()
    }
}

impl fmt::Debug for TokenUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TokenUsage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TokenUsage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}
