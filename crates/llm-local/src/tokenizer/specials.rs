//! Finds special tokens in texts, and escapes those that a user wrote.

use std::borrow::Cow;
use std::collections::HashMap;

use catena_core::Result;
use fancy_regex::Regex;

use crate::failure::malformed;

/// Inserted into the text of a special token, it prevents recognition. A private-use character that occurs in no
/// vocabulary; it is removed before the text is encoded.
const GUARD: char = '\u{10FFFD}';

/// The special tokens of a vocabulary.
pub(super) struct Specials {
    ids: HashMap<String, u32>,
    pattern: Option<Regex>,
}

impl Specials {
    pub(super) fn new<'a>(tokens: impl Iterator<Item = (&'a str, u32)>) -> Result<Self> {
        let tokens = tokens.filter(|(text, _)| !text.is_empty());
        let ids: HashMap<String, u32> = tokens.map(|(text, id)| (text.to_owned(), id)).collect();
        let mut texts: Vec<&str> = ids.keys().map(String::as_str).collect();
        // Of tokens with a common prefix, the longest comes first.
        texts.sort_unstable_by_key(|text| std::cmp::Reverse((text.len(), *text)));
        let texts: Vec<_> = texts.into_iter().map(fancy_regex::escape).collect();
        let pattern = (!texts.is_empty()).then(|| Regex::new(&texts.join("|"))).transpose();
        let pattern = pattern
            .map_err(|error| malformed(format!("has special tokens that cannot be found: {error}")))?;
        Ok(Self { ids, pattern })
    }

    /// Returns plain texts, each with the text of the special token that follows it.
    pub(super) fn split<'t>(&self, text: &'t str) -> Result<Vec<(&'t str, Option<&'t str>)>> {
        let mut parts = Vec::new();
        let mut end = 0;
        for found in self.pattern.iter().flat_map(|pattern| pattern.find_iter(text)) {
            let found = found.map_err(|error| malformed(error.to_string()))?;
            parts.push((&text[end..found.start()], Some(found.as_str())));
            end = found.end();
        }
        parts.push((&text[end..], None));
        Ok(parts)
    }

    pub(super) fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// Inserts guards into every special token of a text.
    pub(super) fn guarded(&self, text: &str) -> Result<String> {
        let mut guarded = String::with_capacity(text.len());
        for (plain, special) in self.split(text)? {
            guarded.push_str(plain);
            // After every character, so that no part of it can form another token, whatever follows.
            guarded.extend(special.into_iter().flat_map(str::chars).flat_map(|letter| [letter, GUARD]));
        }
        Ok(guarded)
    }

    /// Removes the guards.
    pub(super) fn unguarded(text: &str) -> Cow<'_, str> {
        if text.contains(GUARD) { text.replace(GUARD, "").into() } else { text.into() }
    }
}
