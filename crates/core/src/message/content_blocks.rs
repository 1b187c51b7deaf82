//! A list of content blocks that assembles the chunks of a stream.

use std::collections::HashMap;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::ContentBlock;
use super::merge_rules::{Rule, continues, index, merge_piece};

/// The length from which a list keeps an index; below it, linear search is faster.
const INDEXED_FROM: usize = 16;

/// The blocks of a content; dereferences to a slice.
///
/// # Example
/// ```
/// use catena_core::{ContentBlock, ContentBlocks};
/// let mut blocks = ContentBlocks::from(vec![ContentBlock::text("Look: ")]);
/// blocks.push(ContentBlock::image_url("https://e.org/cat.png"));
/// assert_eq!(blocks.len(), 2);
/// assert_eq!(blocks.iter().filter_map(ContentBlock::as_text).collect::<String>(), "Look: ");
/// ```
#[derive(Debug, Clone, Default)]
pub struct ContentBlocks {
    list: Vec<ContentBlock>,
    /// The positions of the blocks of each stream index, once there are many.
    places: Option<HashMap<String, Vec<usize>>>,
}

impl ContentBlocks {
    /// Appends a block; a bare string is joined with one before it.
    pub fn push(&mut self, block: ContentBlock) {
        match (self.list.last_mut(), block) {
            (Some(ContentBlock::Plain(text)), ContentBlock::Plain(next)) => text.push_str(&next),
            (_, block) => self.append(block),
        }
    }

    /// Appends blocks as LangChain does: those with an index are merged as chunks, all others stay separate.
    pub(super) fn extend_apart(&mut self, blocks: impl IntoIterator<Item = ContentBlock>) {
        for block in blocks {
            match block {
                ContentBlock::Plain(_) => self.append(block),
                piece => self.merge_block(piece),
            }
        }
    }

    /// Keeps only the blocks for which `keep` returns true.
    pub fn retain(&mut self, keep: impl FnMut(&ContentBlock) -> bool) {
        self.list.retain(keep);
        self.places = None;
    }

    /// Merges the next chunk of a stream: into the block with the same index if it has one, else at the end.
    pub(super) fn merge_block(&mut self, piece: ContentBlock) {
        match piece {
            ContentBlock::Data(piece) => match self.find_open(&piece) {
                // The lenient rule never fails.
                Some(open) => drop(merge_piece(open, piece, Rule::Lenient)),
                None => self.append(ContentBlock::Data(piece)),
            },
            text => self.push(text),
        }
    }

    fn append(&mut self, block: ContentBlock) {
        if let (Some(places), Some(key)) = (&mut self.places, key(&block)) {
            places.entry(key).or_default().push(self.list.len());
        }
        self.list.push(block);
    }

    /// Returns the block that a chunk continues; of several, the first.
    fn find_open(&mut self, piece: &Map<String, Value>) -> Option<&mut Map<String, Value>> {
        let key = index(piece)?.to_string();
        let is_open =
            |block: &ContentBlock| matches!(block, ContentBlock::Data(open) if continues(open, piece));
        let at = if self.list.len() < INDEXED_FROM {
            self.list.iter().position(is_open)?
        } else {
            let list = &self.list;
            let places = self.places.get_or_insert_with(|| places(list));
            places.get(&key)?.iter().copied().find(|&at| is_open(&self.list[at]))?
        };
        match &mut self.list[at] {
            ContentBlock::Data(open) => Some(open),
            ContentBlock::Plain(_) => None,
        }
    }
}

fn places(list: &[ContentBlock]) -> HashMap<String, Vec<usize>> {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, block) in list.iter().enumerate() {
        if let Some(key) = key(block) {
            places.entry(key).or_default().push(at);
        }
    }
    places
}

fn key(block: &ContentBlock) -> Option<String> {
    match block {
        ContentBlock::Data(data) => index(data).map(ToString::to_string),
        ContentBlock::Plain(_) => None,
    }
}

impl Deref for ContentBlocks {
    type Target = [ContentBlock];

    fn deref(&self) -> &[ContentBlock] {
        &self.list
    }
}

impl PartialEq for ContentBlocks {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl From<Vec<ContentBlock>> for ContentBlocks {
    fn from(list: Vec<ContentBlock>) -> Self {
        Self { list, places: None }
    }
}

impl From<ContentBlocks> for Vec<ContentBlock> {
    fn from(blocks: ContentBlocks) -> Self {
        blocks.list
    }
}

impl FromIterator<ContentBlock> for ContentBlocks {
    fn from_iter<I: IntoIterator<Item = ContentBlock>>(blocks: I) -> Self {
        blocks.into_iter().collect::<Vec<_>>().into()
    }
}

impl IntoIterator for ContentBlocks {
    type Item = ContentBlock;
    type IntoIter = std::vec::IntoIter<ContentBlock>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a ContentBlocks {
    type Item = &'a ContentBlock;
    type IntoIter = std::slice::Iter<'a, ContentBlock>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl Serialize for ContentBlocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ContentBlocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}
