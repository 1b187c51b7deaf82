//! Maps the deltas of an answer to content blocks.

use std::collections::HashMap;

use serde_json::Value;

use crate::codec::lenient::is_truthy;

/// The state of a block being streamed.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The merge key of its chunks.
    pub(super) index: i64,
    /// Whether its start was delivered.
    pub(super) opened: bool,
    /// Whether some of its text or arguments was delivered.
    pub(super) begun: bool,
    /// Whether log probabilities of its tokens were delivered.
    pub(super) told_tokens: bool,
}

impl Place {
    /// Returns the log probabilities of a delta's tokens, if there are any.
    pub(super) fn news_of_tokens(&mut self, logprobs: Value) -> Option<Value> {
        let news = Some(logprobs).filter(is_truthy);
        self.told_tokens |= news.is_some();
        news
    }
}

/// The blocks of an answer, numbered in the order in which they start.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: HashMap<(u64, u64), Place>,
    /// The output index at which an item first appeared: after several built-in tool calls, the events of an item's end
    /// may have a later one.
    items: HashMap<String, u64>,
}

impl Places {
    /// Returns true if no block has started.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the block of a part of an item.
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
