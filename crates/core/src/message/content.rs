//! The content of a message: text, or a list of blocks.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Chunk;

/// What a message says.
///
/// # Example
/// ```
/// use catena_core::{Content, ContentBlock};
/// let content = Content::from(vec![ContentBlock::text("What is this? "), ContentBlock::image_url("https://e.org/cat.png")]);
/// assert_eq!(content.text(), "What is this? ");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Text, images and other blocks.
    Blocks(Vec<ContentBlock>),
}

/// One block of a message's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ContentBlock {
    /// A block as data, by its `type` member. Blocks of unknown types pass through unchanged.
    Data(Map<String, Value>),
}

impl ContentBlock {
    /// A piece of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Data(Map::from_iter([("type".into(), "text".into()), ("text".into(), text.into().into())]))
    }

    /// An image at an address, or inline as a `data:` URL.
    pub fn image_url(url: impl Into<String>) -> Self {
        let url = Map::from_iter([("url".to_owned(), Value::String(url.into()))]);
        Self::Data(Map::from_iter([("type".into(), "image_url".into()), ("image_url".into(), url.into())]))
    }

    /// The text of a text block.
    pub fn as_text(&self) -> Option<&str> {
        let Self::Data(data) = self;
        (data.get("type")? == "text").then(|| data.get("text")?.as_str())?
    }
}

impl Content {
    /// The text of all text blocks, one after the other.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Blocks(blocks) => blocks.iter().filter_map(ContentBlock::as_text).collect(),
        }
    }

    /// The text, without a copy where there is nothing but text.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            blocks => blocks.text().into_owned(),
        }
    }

    /// True when there is neither text nor any block.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Blocks(blocks) => blocks.is_empty(),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Chunk for Content {
    fn merge(&mut self, next: Self) {
        match (&mut *self, next) {
            (Self::Text(text), Self::Text(next)) => text.merge(next),
            (Self::Blocks(blocks), Self::Blocks(next)) => blocks.extend(next),
            (Self::Text(text), next) if text.is_empty() => *self = next,
            (Self::Text(text), Self::Blocks(next)) => {
                let text = ContentBlock::text(std::mem::take(text));
                *self = Self::Blocks(std::iter::once(text).chain(next).collect());
            }
            (Self::Blocks(_), Self::Text(next)) if next.is_empty() => {}
            (Self::Blocks(blocks), Self::Text(next)) => blocks.push(ContentBlock::text(next)),
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<ContentBlock>> for Content {
    fn from(blocks: Vec<ContentBlock>) -> Self {
        Self::Blocks(blocks)
    }
}
