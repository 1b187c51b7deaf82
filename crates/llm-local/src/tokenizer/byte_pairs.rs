//! Byte-level byte-pair encoding, as in GPT-2: vocabulary and merges come from the file.

use std::collections::HashMap;

use catena_core::Result;

use super::byte_level::letter;
use super::merging::merge;
use super::words::Words;
use crate::failure::malformed;

/// Which pairs of tokens are merged, and in which order.
pub(super) struct BytePairs {
    words: Words,
    /// The token of each byte; a vocabulary need not have all of them.
    bytes: [Option<u32>; 256],
    merges: HashMap<(u32, u32), (u32, u32)>,
}

impl BytePairs {
    pub(super) fn new(words: &str, tokens: &[&str], merges: &[&str]) -> Result<Self> {
        let words = Words::of(words)?;
        let ids: HashMap<&str, u32> = tokens.iter().copied().zip(0..).collect();
        let bytes =
            std::array::from_fn(|byte| ids.get(letter(byte as u8).encode_utf8(&mut [0; 4]) as &str).copied());
        let mut pairs = HashMap::with_capacity(merges.len());
        for (rank, merge) in (0..).zip(merges) {
            // A space within a token is written as another character.
            let (left, right) = merge.split_once(' ').ok_or_else(|| malformed("has a merge of one token"))?;
            let merged = format!("{left}{right}");
            let known = (ids.get(left), ids.get(right), ids.get(merged.as_str()));
            // Merges with tokens that were removed from the vocabulary can never happen.
            if let (Some(left), Some(right), Some(merged)) = known {
                pairs.entry((*left, *right)).or_insert((rank, *merged));
            }
        }
        Ok(Self { words, bytes, merges: pairs })
    }

    pub(super) fn encode(&self, text: &str, tokens: &mut Vec<u32>) -> Result<()> {
        for word in self.words.cut(text)? {
            let symbols = word.bytes().filter_map(|byte| self.bytes[usize::from(byte)]).collect();
            tokens.extend(merge(symbols, |left, right| self.merges.get(&(left, right)).copied()));
        }
        Ok(())
    }
}
