//! One block of a message's content, as a service or a user wrote it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One block of a message's content. See [`StandardBlock`](crate::StandardBlock) for blocks as typed values.
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
    /// A text that is no object.
    Plain(String),
    /// A block as data, by its `type` member. Blocks of unknown types pass through unchanged.
    Data(Map<String, Value>),
}

impl ContentBlock {
    /// A piece of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Data(Map::from_iter([("type".into(), "text".into()), ("text".into(), text.into().into())]))
    }

    /// A text that is no object.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// An image at an address, or inline as a `data:` URL.
    pub fn image_url(url: impl Into<String>) -> Self {
        let url = Map::from_iter([("url".to_owned(), Value::String(url.into()))]);
        Self::Data(Map::from_iter([("type".into(), "image_url".into()), ("image_url".into(), url.into())]))
    }

    /// The text of a text block.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Data(data) => (data.get("type")? == "text").then(|| data.get("text")?.as_str())?,
        }
    }

    /// The `type` of the block; that of a text that is no object is `text`.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => Some("text"),
            Self::Data(data) => data.get("type")?.as_str(),
        }
    }

    /// A member of a block that is an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Plain(_) => None,
            Self::Data(data) => data.get(name),
        }
    }

    /// A text or an object as a block; `None` for any other value.
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
