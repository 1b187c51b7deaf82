//! SentencePiece's byte-pair encoding, as in Llama 2 and Mistral: the vocabulary says what can be merged, scores say in
//! which order.

use std::collections::HashMap;

use catena_core::Result;

use super::merging::merge;
use super::{BYTE, CONTROL};
use crate::failure::malformed;

/// The vocabulary's character for a space.
pub(super) const SPACE: char = '\u{2581}';

/// A vocabulary with scores.
pub(super) struct SentencePieces {
    pieces: Vec<String>,
    scores: Vec<f32>,
    ids: HashMap<String, u32>,
    bytes: [Option<u32>; 256],
    space_prefix: bool,
}

impl SentencePieces {
    pub(super) fn new(
        tokens: &[&str],
        kinds: &[usize],
        scores: Vec<f32>,
        space_prefix: bool,
    ) -> Result<Self> {
        if scores.len() != tokens.len() {
            return Err(malformed("has a vocabulary with too few or too many scores"));
        }
        let mut bytes = [None; 256];
        let mut ids = HashMap::with_capacity(tokens.len());
        for ((id, token), kind) in (0..).zip(tokens).zip(kinds) {
            match (*kind, byte(token)) {
                (BYTE, Some(byte)) => bytes[usize::from(byte)] = Some(id),
                (BYTE | CONTROL, _) => {}
                _ => drop(ids.insert((*token).to_owned(), id)),
            }
        }
        let pieces = tokens.iter().map(|token| (*token).to_owned()).collect();
        Ok(Self { pieces, scores, ids, bytes, space_prefix })
    }

    /// `starts` is true for the start of a text, before which most vocabularies have a space.
    pub(super) fn encode(&self, text: &str, starts: bool, tokens: &mut Vec<u32>) {
        let space = (starts && self.space_prefix).then_some(SPACE);
        let letters =
            space.into_iter().chain(text.chars().map(|char| if char == ' ' { SPACE } else { char }));
        let symbols = letters.flat_map(|letter| self.letter(letter)).collect();
        tokens.extend(merge(symbols, |left, right| self.pair(left, right)));
    }

    /// Returns the token of a character, or the tokens of its bytes if it has none.
    fn letter(&self, letter: char) -> Vec<u32> {
        let mut buffer = [0; 4];
        let text: &str = letter.encode_utf8(&mut buffer);
        match self.ids.get(text) {
            Some(id) => vec![*id],
            None => text.bytes().filter_map(|byte| self.bytes[usize::from(byte)]).collect(),
        }
    }

    fn pair(&self, left: u32, right: u32) -> Option<(Score, u32)> {
        let joined = [left, right].map(|token| self.pieces[token as usize].as_str()).concat();
        let merged = *self.ids.get(&joined)?;
        Some((Score(self.scores[merged as usize]), merged))
    }
}

/// The higher the score, the earlier the merge.
#[derive(Debug, Clone, Copy)]
struct Score(f32);

impl Ord for Score {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.total_cmp(&self.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

/// Returns the byte of a token such as `<0x0A>`.
pub(super) fn byte(token: &str) -> Option<u8> {
    u8::from_str_radix(token.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}
