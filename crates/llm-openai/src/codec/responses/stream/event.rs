//! An event of a streamed answer.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::codec::lenient::{Text, count};

/// The members of all kinds of events. Everything is optional, and unknown members are ignored.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(default, borrow, rename = "type")]
    pub(super) kind: Text<'a>,
    #[serde(default, borrow)]
    pub(super) item_id: Text<'a>,
    #[serde(default)]
    output_index: Value,
    #[serde(default)]
    content_index: Value,
    #[serde(default)]
    summary_index: Value,
    #[serde(default, borrow)]
    pub(super) delta: Text<'a>,
    #[serde(default, borrow)]
    pub(super) text: Text<'a>,
    #[serde(default, borrow)]
    pub(super) refusal: Text<'a>,
    #[serde(default, borrow)]
    pub(super) arguments: Text<'a>,
    #[serde(default)]
    pub(super) annotation: Value,
    #[serde(default)]
    pub(super) logprobs: Value,
    #[serde(default)]
    item: Value,
    #[serde(default)]
    response: Value,
    #[serde(default)]
    pub(super) error: Value,
    #[serde(default)]
    pub(super) code: Value,
    #[serde(default)]
    pub(super) message: Value,
    #[serde(default)]
    pub(super) param: Value,
}

impl Event<'_> {
    /// Returns the index of the item, if the server sends one.
    pub(super) fn output_index(&self) -> Option<u64> {
        count(Some(&self.output_index))
    }

    pub(super) fn content_index(&self) -> u64 {
        count(Some(&self.content_index)).unwrap_or(0)
    }

    pub(super) fn summary_index(&self) -> u64 {
        count(Some(&self.summary_index)).unwrap_or(0)
    }

    /// Returns the index of a part of reasoning content or of its summary.
    pub(super) fn reasoning_index(&self, summary: bool) -> u64 {
        if summary { self.summary_index() } else { self.content_index() }
    }

    /// Takes the item out of the event.
    pub(super) fn take_item(&mut self) -> Map<String, Value> {
        object(self.item.take())
    }

    /// Takes the response out of the event.
    pub(super) fn take_response(&mut self) -> Map<String, Value> {
        object(self.response.take())
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
