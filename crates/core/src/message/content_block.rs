//! A content block as a provider or a user wrote it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A content block of a message. For typed blocks, see [`StandardBlock`](crate::StandardBlock).
///
/// # Example
/// ```
/// use catena_core::ContentBlock;
/// assert_eq!(ContentBlock::text("Hi").as_text(), Some("Hi"));
/// assert_eq!(ContentBlock::image_url("https://e.org/cat.png").kind(), Some("image_url"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ContentBlock {
    /// A bare string.
    Plain(String),
    /// An object with a `type`. Blocks of unknown types are passed through unchanged.
    Data(Map<String, Value>),
}

impl ContentBlock {
    /// Creates a text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Data(Map::from_iter([("type".into(), "text".into()), ("text".into(), text.into().into())]))
    }

    /// Creates a block that is a bare string.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// Creates an image block from a URL, which may be a `data:` URL.
    pub fn image_url(url: impl Into<String>) -> Self {
        let url = Map::from_iter([("url".to_owned(), Value::String(url.into()))]);
        Self::Data(Map::from_iter([("type".into(), "image_url".into()), ("image_url".into(), url.into())]))
    }

    /// Returns the text of a text block.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Data(data) => (data.get("type")? == "text").then(|| data.get("text")?.as_str())?,
        }
    }

    /// Returns the `type` of the block; that of a bare string is `text`.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => Some("text"),
            Self::Data(data) => data.get("type")?.as_str(),
        }
    }

    /// Returns a member of the object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Plain(_) => None,
            Self::Data(data) => data.get(name),
        }
    }

    /// Converts a string or an object to a block; `None` for any other value.
    pub(super) fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Plain(text)),
            Value::Object(data) => Some(Self::Data(data)),
            _ => None,
        }
    }
}

impl From<ContentBlock> for Value {
    fn from(block: ContentBlock) -> Self {
        match block {
            ContentBlock::Plain(text) => Self::String(text),
            ContentBlock::Data(data) => Self::Object(data),
        }
    }
}
