//! The content of a message: text, or a list of blocks.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ContentBlock, ContentBlocks, StandardBlock};
use crate::Chunk;

/// The content of a message.
///
/// When chunks are merged, texts are joined and blocks with the same `index` are merged; other blocks are appended.
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
    /// Texts, images and other blocks.
    Blocks(ContentBlocks),
}

/// Empty content, to borrow from.
pub(super) static EMPTY: Content = Content::Text(String::new());

impl Content {
    /// Returns the text of all text blocks, concatenated.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Blocks(blocks) => blocks.iter().filter_map(ContentBlock::as_text).collect(),
        }
    }

    /// Converts the content to its text, without copying if it is only text.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            blocks => blocks.text().into_owned(),
        }
    }

    /// Returns whether there is neither text nor any block.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Blocks(blocks) => blocks.is_empty(),
        }
    }

    /// Appends content as LangChain merges runs of messages: a text is not joined with a text in a following list.
    pub(super) fn append(&mut self, next: Self) {
        match (&mut *self, next) {
            (Self::Blocks(blocks), Self::Blocks(next)) => blocks.extend_apart(next),
            (Self::Text(text), Self::Blocks(next)) if !text.is_empty() => {
                let mut blocks = ContentBlocks::from(vec![ContentBlock::Plain(std::mem::take(text))]);
                blocks.extend_apart(next);
                *self = Self::Blocks(blocks);
            }
            (this, next) => this.merge(next),
        }
    }

    /// Returns the blocks; `None` if the content is a plain text.
    pub fn as_blocks(&self) -> Option<&[ContentBlock]> {
        match self {
            Self::Text(_) => None,
            Self::Blocks(blocks) => Some(blocks),
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
            (_, next) if next.is_empty() => {}
            (this, next) if this.is_empty() => *this = next,
            (Self::Text(text), Self::Blocks(next)) => {
                let mut blocks = ContentBlocks::from(vec![ContentBlock::Plain(std::mem::take(text))]);
                next.into_iter().for_each(|block| blocks.merge_block(block));
                *self = Self::Blocks(blocks);
            }
            (Self::Blocks(blocks), Self::Blocks(next)) => {
                next.into_iter().for_each(|block| blocks.merge_block(block));
            }
            (Self::Blocks(blocks), Self::Text(next)) => blocks.push(ContentBlock::Plain(next)),
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
        Self::Blocks(blocks.into())
    }
}

impl From<Vec<StandardBlock>> for Content {
    fn from(blocks: Vec<StandardBlock>) -> Self {
        Self::Blocks(blocks.into_iter().map(ContentBlock::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Checks the merged content for every grouping of the chunks.
    #[track_caller]
    fn check(pieces: Value, expected: Value) {
        let pieces: Vec<Content> = serde_json::from_value(pieces).expect("contents");
        let fold = |pieces: &[Content]| {
            pieces.iter().fold(Content::default(), |mut whole, piece| {
                whole.merge(piece.clone());
                whole
            })
        };
        for split in 0..=pieces.len() {
            let mut whole = fold(&pieces[..split]);
            whole.merge(fold(&pieces[split..]));
            assert_eq!(whole.to_json(), expected, "grouped at {split}");
        }
    }

    #[test]
    fn contents_merge() {
        check(json!(["a", "b", "c"]), json!("abc"));
        check(json!([["a"], "b"]), json!(["ab"]));
        check(
            json!(["a", ["b"], "c", [{"type": "text", "text": "d"}]]),
            json!(["abc", {"type": "text", "text": "d"}]),
        );
        check(json!([[{"type": "text", "text": "a"}], "", []]), json!([{"type": "text", "text": "a"}]));
        check(
            json!([[{"type": "text", "text": "a"}], [{"type": "text", "text": "b"}]]),
            json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        );
        check(
            json!([
                [{"type": "text", "text": "a", "index": 0}], "x", [{"type": "image", "index": 1, "n": 1}],
                [{"type": "text", "text": "b", "index": 0}], [{"index": 1, "n": 2}], "y",
            ]),
            json!([{"type": "text", "text": "ab", "index": 0}, "x", {"type": "image", "index": 1, "n": 2}, "y"]),
        );
    }

    #[test]
    fn many_blocks_take_time_in_proportion() {
        let piece = |index: u32| {
            Content::from(vec![ContentBlock::Data(
                json!({"type": "text", "text": "x", "index": index}).as_object().cloned().expect("an object"),
            )])
        };
        let mut whole = Content::default();
        (0..20_000).chain(0..20_000).for_each(|index| whole.merge(piece(index)));
        (0..50_000).for_each(|_| whole.merge(piece(19_999)));
        let blocks = whole.as_blocks().expect("blocks");
        assert_eq!((blocks.len(), blocks[19_999].as_text().map(str::len)), (20_000, Some(50_002)));
    }
}
