//! Serde helpers for JSON from other implementations.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Deserializes `null` as the default value.
pub(super) fn null_is_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes an id: a text, or a number converted to text.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::deserialize(deserializer)? {
        None => None,
        Some(Id::Text(id)) => Some(id),
        Some(Id::Number(id)) => Some(id.to_string()),
    })
}

/// Deserializes a required id.
pub(super) fn needed_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(id) => id,
        Id::Number(id) => id.to_string(),
    })
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

/// Deserializes members without `type`, which is implied by the Rust type and written by it.
pub(super) fn without_type<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    let mut members = Map::deserialize(deserializer)?;
    members.remove("type");
    Ok(members)
}
