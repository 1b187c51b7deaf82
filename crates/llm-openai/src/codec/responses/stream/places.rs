//! Which content block the pieces of an answer belong to.

use std::collections::HashMap;

use serde_json::Value;

use crate::codec::lenient::is_truthy;

/// What is known of a block while it comes.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// By which its pieces are put together.
    pub(super) index: i64,
    /// What it is was delivered.
    pub(super) opened: bool,
    /// Something of its text or of its arguments was delivered.
    pub(super) begun: bool,
    /// Probabilities of its tokens were delivered.
    pub(super) told_tokens: bool,
}

impl Place {
    /// The probabilities of the tokens of a piece, if there are any.
    pub(super) fn news_of_tokens(&mut self, logprobs: Value) -> Option<Value> {
        let news = Some(logprobs).filter(is_truthy);
        self.told_tokens |= news.is_some();
        news
    }
}

/// The blocks of an answer, numbered in the order in which they begin.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: HashMap<(u64, u64), Place>,
    /// The output index by which an item was first known: after several calls of built-in tools, events about the end
    /// of an item may have a later one.
    items: HashMap<String, u64>,
}

impl Places {
    /// True if no block began.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The block of a part of an item.
    pub(super) fn at(&mut self, item: Option<&str>, output: u64, part: u64) -> &mut Place {
        let output = match item {
            Some(id) => match self.items.get(id) {
                Some(&first) => first,
                None => *self.items.entry(id.to_owned()).or_insert(output),
            },
            None => output,
        };
        let next = i64::try_from(self.places.len()).unwrap_or(i64::MAX);
        self.places.entry((output, part)).or_insert(Place { index: next, ..Place::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_keeps_its_place() {
        let mut places = Places::default();
        for (item, output, part, index) in [
            (Some("a"), 0, 0, 0),
            (Some("b"), 1, 0, 1),
            (Some("a"), 0, 1, 2),
            (Some("b"), 7, 0, 1),
            (None, 0, 0, 0),
            (None, 9, 0, 3),
        ] {
            assert_eq!(places.at(item, output, part).index, index, "{item:?} {output} {part}");
        }
    }
}
