//! Finds the output item and block that a stream event belongs to.
//!
//! A response is a list of items, an item has parts, and each part becomes a content block. Servers disagree on how events
//! identify items: some send no output index, some no id, others the same id for all items or a new one with each event.
//! An event is therefore matched to an item of the same [kind](Kind) by id, then by output index, and otherwise to the
//! latest item, unless their ids or indices conflict.

use std::collections::{BTreeMap, HashMap};
use std::mem::replace;

use serde_json::{Map, Value};

use super::event::Event;
use crate::codec::lenient::is_truthy;

/// The kind of an item; each has its own set of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Reasoning,
    Call,
    /// Delivered as a whole when it is done.
    Other,
}

impl Kind {
    const COUNT: usize = Self::Other as usize + 1;

    pub(super) fn of(item: &Map<String, Value>) -> Self {
        match item.get("type").and_then(Value::as_str) {
            Some("message") => Self::Message,
            Some("reasoning") => Self::Reasoning,
            Some("function_call" | "custom_tool_call") => Self::Call,
            _ => Self::Other,
        }
    }
}

/// How an event identifies its item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    kind: Kind,
    /// The item's id, and a call's `call_id`, which the deltas of some servers carry instead.
    ids: [Option<&'a str>; 2],
    output: Option<u64>,
}

impl<'a> Name<'a> {
    /// Returns the name of the item to which a delta belongs.
    pub(super) fn of_piece(kind: Kind, event: &'a Event<'_>) -> Self {
        Self { kind, ids: [event.item_id.as_str(), None], output: event.output_index() }
    }

    /// Returns the name of a complete item.
    pub(super) fn of_item(item: &'a Map<String, Value>, output: Option<u64>) -> Self {
        let id = |name: &str| item.get(name).and_then(Value::as_str).filter(|id| !id.is_empty());
        let kind = Kind::of(item);
        // Other kinds of items carry the `call_id` of the call that they are the output of.
        let call_id = id("call_id").filter(|_| kind == Kind::Call);
        Self { kind, ids: [id("id"), call_id], output }
    }

    fn ids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.ids.into_iter().flatten()
    }
}

/// The position of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) kind: Kind,
    item: usize,
}

/// The state of a block while it is streamed.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The merge key of its chunks.
    pub(super) index: i64,
    /// Whether its start was delivered.
    pub(super) opened: bool,
    /// Whether some of its text or arguments was delivered.
    pub(super) begun: bool,
    /// Whether log probabilities were delivered.
    pub(super) logprobs_delivered: bool,
}

impl Place {
    /// Returns the log probabilities of a delta, if there are any.
    pub(super) fn take_logprobs(&mut self, logprobs: Value) -> Option<Value> {
        let logprobs = Some(logprobs).filter(is_truthy);
        self.logprobs_delivered |= logprobs.is_some();
        logprobs
    }
}

/// The items of a response and their blocks, numbered in the order in which they begin.
#[derive(Debug, Default)]
pub(super) struct Places {
    items: [Items; Kind::COUNT],
    blocks: i64,
}

impl Places {
    /// Returns the item to which a delta belongs.
    pub(super) fn find(&mut self, name: Name<'_>) -> At {
        let items = &mut self.items[name.kind as usize];
        let item = items.latest(name).unwrap_or_else(|| items.add(name));
        At { kind: name.kind, item }
    }

    /// Returns the item that an event adds: a known one if its deltas came first, otherwise a new one. If several items
    /// share an id, the last is found by it.
    pub(super) fn begin(&mut self, name: Name<'_>) -> At {
        let items = &mut self.items[name.kind as usize];
        let again = items.of_id(name).filter(|&item| items.list[item].output == name.output);
        let item = again.or_else(|| items.latest(name).filter(|&item| items.list[item].is_unannounced()));
        let item = item.unwrap_or_else(|| items.add(name));
        items.record(item, name);
        items.list[item].introduced = true;
        At { kind: name.kind, item }
    }

    /// Returns the item that is done, and whether it was done before. If its name is unknown, it is the first that is not
    /// done yet. Some servers end reasoning under a new name.
    pub(super) fn end(&mut self, name: Name<'_>) -> (At, bool) {
        let items = &mut self.items[name.kind as usize];
        let open = items.first_open();
        let is_meant = |&item: &usize| name.kind == Kind::Reasoning || items.list[item].may_be(name);
        let item =
            items.of_id(name).or_else(|| items.of_output(name).filter(|&item| !items.list[item].ended));
        let item = item.or_else(|| open.filter(is_meant)).unwrap_or_else(|| items.add(name));
        if !items.list[item].has_id {
            items.record(item, name);
        }
        let ended = replace(&mut items.list[item].ended, true);
        (At { kind: name.kind, item }, ended)
    }

    /// Returns the item of a call in the complete response. `by_order` is its position among the calls, if the complete
    /// response has new ids.
    pub(super) fn final_call(&mut self, name: Name<'_>, by_order: Option<usize>) -> At {
        let calls = &mut self.items[Kind::Call as usize];
        let item = calls.of_id(name).or(by_order.filter(|&item| item < calls.list.len()));
        At { kind: Kind::Call, item: item.unwrap_or_else(|| calls.add(name)) }
    }

    /// Returns whether an item has this id. Events may have been matched to it without.
    pub(super) fn has_id(&self, name: Name<'_>) -> bool {
        self.items[name.kind as usize].of_id(name).is_some()
    }

    /// Returns whether anything of this kind was delivered.
    pub(super) fn any(&self, kind: Kind) -> bool {
        let begun = |item: &Item| item.parts.values().any(|place| place.begun);
        self.items[kind as usize]
            .list
            .iter()
            .any(|item| if kind == Kind::Other { item.ended } else { begun(item) })
    }

    /// Returns the block of a part of an item.
    pub(super) fn part(&mut self, at: At, part: u64) -> &mut Place {
        let parts = &mut self.items[at.kind as usize].list[at.item].parts;
        parts.entry(part).or_insert_with(|| {
            let index = self.blocks;
            self.blocks += 1;
            Place { index, ..Place::default() }
        })
    }

    /// Returns the parts of which nothing was delivered, of an item with `parts` parts. Some servers number the parts of
    /// all items consecutively, so only the excess over the delivered parts counts, and the last ones are returned.
    pub(super) fn undelivered_parts(&self, at: At, parts: usize) -> Vec<u64> {
        let came = &self.items[at.kind as usize].list[at.item].parts;
        let begun = |part: &u64| came.get(part).is_some_and(|place| place.begun);
        let missed = parts.saturating_sub(came.values().filter(|place| place.begun).count());
        let silent: Vec<u64> = (0..).take(parts).filter(|part| !begun(part)).collect();
        silent[silent.len() - missed..].to_vec()
    }
}

/// The items of one kind.
#[derive(Debug, Default)]
struct Items {
    list: Vec<Item>,
    by_id: HashMap<String, usize>,
    by_output: HashMap<u64, usize>,
    /// All items before this one are done.
    open: usize,
}

#[derive(Debug, Default)]
struct Item {
    has_id: bool,
    output: Option<u64>,
    /// Whether the event that adds it arrived.
    introduced: bool,
    ended: bool,
    parts: BTreeMap<u64, Place>,
}

impl Item {
    /// Returns whether only deltas arrived.
    fn is_unannounced(&self) -> bool {
        !self.introduced && !self.ended
    }

    /// Returns whether the name does not conflict with what is known of the item.
    fn may_be(&self, name: Name<'_>) -> bool {
        let other_id = self.has_id && name.ids().next().is_some();
        !other_id && (self.output.is_none() || name.output.is_none())
    }
}

impl Items {
    fn of_id(&self, name: Name<'_>) -> Option<usize> {
        name.ids().find_map(|id| self.by_id.get(id)).copied()
    }

    fn of_output(&self, name: Name<'_>) -> Option<usize> {
        self.by_output.get(&name.output?).copied()
    }

    /// Returns the item with this name, or else the last one unless the name conflicts.
    fn latest(&self, name: Name<'_>) -> Option<usize> {
        let last = || self.list.len().checked_sub(1).filter(|&last| self.list[last].may_be(name));
        self.of_id(name).or_else(|| self.of_output(name)).or_else(last)
    }

    fn first_open(&mut self) -> Option<usize> {
        self.open += self.list[self.open..].iter().take_while(|item| item.ended).count();
        Some(self.open).filter(|&open| open < self.list.len())
    }

    fn add(&mut self, name: Name<'_>) -> usize {
        self.list.push(Item::default());
        self.record(self.list.len() - 1, name);
        self.list.len() - 1
    }

    /// Records a name of an item.
    fn record(&mut self, item: usize, name: Name<'_>) {
        self.by_id.extend(name.ids().map(|id| (id.to_owned(), item)));
        self.by_output.extend(name.output.map(|output| (output, item)));
        let named = &mut self.list[item];
        named.has_id |= name.ids().next().is_some();
        named.output = name.output.or(named.output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_ID: Option<&str> = None;

    fn name(kind: Kind, id: Option<&'static str>, output: impl Into<Option<u64>>) -> Name<'static> {
        Name { kind, ids: [id, None], output: output.into() }
    }

    /// Checks the items that events of calls are matched to: `+` adds an item, `-` is its end, others are deltas.
    #[track_caller]
    fn check(events: &[(char, Option<&'static str>, Option<u64>, i64)]) {
        let mut places = Places::default();
        for (nth, &(event, id, output, index)) in events.iter().enumerate() {
            let name = name(Kind::Call, id, output);
            let at = match event {
                '+' => places.begin(name),
                '-' => places.end(name).0,
                _ => places.find(name),
            };
            assert_eq!(places.part(at, 0).index, index, "event {nth} of {events:?}");
        }
    }

    #[test]
    fn a_name_leads_to_its_item() {
        // By id, whatever the index.
        check(&[
            ('+', Some("a"), Some(0), 0),
            ('+', Some("b"), Some(1), 1),
            ('.', Some("b"), Some(7), 1),
            ('.', Some("a"), Some(0), 0),
        ]);
        // By index, whatever the id.
        check(&[
            ('+', Some("a"), Some(0), 0),
            ('.', Some("x"), Some(0), 0),
            ('.', NO_ID, Some(0), 0),
            ('-', Some("y"), Some(0), 0),
        ]);
        // By id alone.
        check(&[
            ('+', Some("a"), None, 0),
            ('+', Some("b"), None, 1),
            ('.', Some("a"), None, 0),
            ('-', Some("b"), None, 1),
        ]);
        // Without an event that adds the item.
        check(&[
            ('.', Some("a"), None, 0),
            ('.', Some("b"), None, 1),
            ('-', Some("a"), None, 0),
            ('-', Some("c"), None, 2),
        ]);
        // Without any name.
        check(&[
            ('+', NO_ID, None, 0),
            ('.', NO_ID, None, 0),
            ('+', NO_ID, None, 1),
            ('.', NO_ID, None, 1),
            ('-', NO_ID, None, 0),
            ('-', NO_ID, None, 1),
            ('-', NO_ID, None, 2),
        ]);
        // Named only in later or only in earlier events.
        check(&[
            ('.', NO_ID, None, 0),
            ('+', Some("a"), Some(0), 0),
            ('.', Some("a"), None, 0),
            ('-', NO_ID, Some(0), 0),
        ]);
        // The same index for all.
        check(&[
            ('+', Some("a"), Some(0), 0),
            ('+', Some("b"), Some(0), 1),
            ('.', Some("a"), Some(0), 0),
            ('.', Some("b"), Some(0), 1),
            ('-', Some("a"), Some(0), 0),
            ('-', Some("b"), Some(0), 1),
            ('-', Some("c"), Some(0), 2),
        ]);
        // The same id for all.
        check(&[
            ('+', Some("a"), Some(0), 0),
            ('.', Some("a"), Some(0), 0),
            ('+', Some("a"), Some(2), 1),
            ('.', Some("a"), Some(2), 1),
            ('-', Some("a"), Some(3), 1),
        ]);
        // Repeated.
        check(&[
            ('+', Some("a"), Some(0), 0),
            ('+', Some("a"), Some(0), 0),
            ('+', Some("b"), None, 1),
            ('+', Some("b"), None, 1),
        ]);
    }

    #[test]
    fn kinds_have_nothing_to_do_with_each_other() {
        let mut places = Places::default();
        for (kind, index) in
            [(Kind::Reasoning, 0), (Kind::Message, 1), (Kind::Call, 2), (Kind::Reasoning, 0), (Kind::Call, 2)]
        {
            let at = places.find(name(kind, Some("a"), 0));
            assert_eq!(places.part(at, 0).index, index, "{kind:?}");
        }
    }

    #[test]
    fn reasoning_may_end_under_another_name() {
        let mut places = Places::default();
        let mut index = |at: fn(&mut Places, Name<'_>) -> At, id, output: u64| {
            let at = at(&mut places, name(Kind::Reasoning, Some(id), output));
            places.part(at, 0).index
        };
        assert_eq!((index(Places::begin, "a", 0), index(|places, name| places.end(name).0, "x", 1)), (0, 0));
        assert_eq!((index(Places::begin, "a", 1), index(|places, name| places.end(name).0, "y", 2)), (1, 1));
        assert_eq!(index(|places, name| places.end(name).0, "z", 3), 2, "nothing else is open");
    }

    #[test]
    fn parts_are_missed_as_far_as_fewer_came() {
        for (begun, parts, missed) in [
            (vec![], 2, vec![0, 1]),
            (vec![0], 2, vec![1]),
            (vec![1], 2, vec![0]),
            (vec![3], 1, vec![]),
            (vec![3], 2, vec![1]),
            (vec![0, 1, 2], 2, vec![]),
            (vec![], 0, vec![]),
        ] {
            let mut places = Places::default();
            let at = places.find(name(Kind::Message, None, 0));
            begun.iter().for_each(|&part| places.part(at, part).begun = true);
            places.part(at, 9);
            assert_eq!(places.undelivered_parts(at, parts), missed, "{begun:?} of {parts}");
        }
    }

    #[test]
    fn many_items_take_time_in_proportion() {
        let (mut places, count) = (Places::default(), 50_000);
        for output in 0..count {
            places.begin(name(Kind::Call, None, output));
        }
        for output in (0..count).rev() {
            let (at, _) = places.end(name(Kind::Call, None, output));
            assert_eq!(at.item as u64, output);
        }
        assert_eq!(places.items[Kind::Call as usize].first_open(), None);
    }
}
