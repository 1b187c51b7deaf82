//! A request to remove a message.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A request to remove the message with this id from the history. It is never sent to a model.
///
/// # Example
/// ```
/// use catena_core::{Message, RemoveMessage};
/// let message = Message::from(RemoveMessage::new("m1"));
/// assert_eq!((message.id(), message.text().as_ref()), (Some("m1"), ""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemoveMessage {
    /// The id of the message to remove.
    pub id: String,
    #[serde(default)]
    content: NoContent,
}

impl RemoveMessage {
    /// Creates a request to remove the message with this id.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), content: NoContent }
    }
}

/// Serializes as empty content, since every message has content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct NoContent;

impl Serialize for NoContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl<'de> Deserialize<'de> for NoContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
