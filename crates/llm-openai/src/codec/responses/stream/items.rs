//! Beginnings and ends of output items.

use std::mem::replace;

use catena_core::{AiMessage, Chunk};
use serde_json::{Map, Value};

use super::ResponsesStream;
use super::blocks::{arguments, block, function_call, reasoning_block, text_block, thoughts_of};
use super::places::{At, Kind, Name};
use crate::codec::Origin;
use crate::codec::custom_tool::custom_arguments;
use crate::codec::lenient::is_truthy;
use crate::codec::responses::output::{KEPT_ITEMS, THOUGHT_BREAK, call, message, thoughts};

impl ResponsesStream {
    /// What the beginning of an item tells.
    pub(super) fn item_added(
        &mut self,
        output: Option<u64>,
        mut item: Map<String, Value>,
    ) -> Option<AiMessage> {
        item.retain(|_, value| !value.is_null());
        let at = self.places.begin(Name::of_item(&item, output));
        if at.kind == Kind::Other || type_of(&item) == "custom_tool_call" {
            return None;
        }
        let phase = item.get("phase").cloned();
        if at.kind == Kind::Message && phase.is_none() {
            return None;
        }
        let place = self.places.part(at, 0);
        if replace(&mut place.opened, true) {
            return None;
        }
        Some(match at.kind {
            Kind::Message => text_block(place.index, [("text", "".into()), ("phase", phase.into())]),
            // Its arguments come in pieces, at some services a second time. What no piece brings comes with the end.
            Kind::Call => function_call(place.index, item, String::new()),
            _ => {
                // It is complete only at the end, and so may be what is thought: that comes in pieces, or with the end.
                for name in ["status", "encrypted_content", "content"] {
                    item.remove(name);
                }
                item.insert("summary".to_owned(), Value::Array(Vec::new()));
                block(place.index, item)
            }
        })
    }

    /// What the end of an item tells that nothing told before.
    pub(super) fn item_done(&mut self, output: Option<u64>, item: Map<String, Value>) -> Option<AiMessage> {
        let (at, ended) = self.places.end(Name::of_item(&item, output));
        if ended { None } else { self.rest(at, item) }
    }

    /// What only the complete answer tells. Its items may have other ids than those of the events, and texts and thoughts
    /// may be cut otherwise: these are delivered if none came at all, calls as far as they are missed.
    pub(super) fn late_items(&mut self, output: Vec<Value>) -> AiMessage {
        let items = || output.iter().filter_map(Value::as_object);
        let ids_hold = items().any(|item| {
            let name = Name::of_item(item, None);
            Kind::of(item) == Kind::Call && self.places.has_id(name)
        });
        let came = [Kind::Message, Kind::Reasoning, Kind::Other].map(|kind| (kind, self.places.any(kind)));
        let (mut late, mut calls) = (AiMessage::default(), 0..);
        for item in output {
            let Value::Object(item) = item else { continue };
            let kind = Kind::of(&item);
            let piece = if kind == Kind::Call {
                let nth = calls.next().filter(|_| !ids_hold);
                let at = self.places.final_call(Name::of_item(&item, None), nth);
                self.rest(at, item)
            } else if came.contains(&(kind, true)) {
                None
            } else {
                let (at, _) = self.places.end(Name::of_item(&item, None));
                self.rest(at, item)
            };
            if let Some(piece) = piece {
                late.merge(piece);
            }
        }
        late
    }

    /// What of an item was not delivered yet.
    fn rest(&mut self, at: At, mut item: Map<String, Value>) -> Option<AiMessage> {
        item.retain(|_, value| !value.is_null());
        match at.kind {
            Kind::Message => self.rest_of_message(at, item),
            Kind::Reasoning => self.rest_of_reasoning(at, item),
            Kind::Call => self.rest_of_call(at, item),
            Kind::Other if KEPT_ITEMS.contains(&type_of(&item)) => {
                Some(block(self.places.part(at, 0).index, item))
            }
            Kind::Other => {
                self.unknown.push(item.into());
                None
            }
        }
    }

    /// The parts of a message of which nothing came before.
    fn rest_of_message(&mut self, at: At, mut item: Map<String, Value>) -> Option<AiMessage> {
        let Some(Value::Array(parts)) = item.remove("content") else { return None };
        let missed = self.places.undelivered_parts(at, parts.len());
        missed.iter().for_each(|&part| self.places.part(at, part).begun = true);
        let is_missed = |part: &u64| missed.binary_search(part).is_ok();
        let parts = (0..).zip(parts).filter_map(|(number, part)| is_missed(&number).then_some(part));
        let parts: Vec<Value> = parts.collect();
        if parts.is_empty() {
            return None;
        }
        item.insert("content".to_owned(), parts.into());
        let response = Map::from_iter([("output".to_owned(), Value::Array(vec![item.into()]))]);
        let mut message = message(response, &Origin::default()).ok()?;
        if let Some(Value::Array(unknown)) = message.metadata.extra.remove("other_output") {
            self.unknown.extend(unknown);
        }
        Some(message)
    }

    fn rest_of_reasoning(&mut self, at: At, mut item: Map<String, Value>) -> Option<AiMessage> {
        if !self.places.has_id(Name::of_item(&item, None)) {
            item.remove("id");
        }
        let place = self.places.part(at, 0);
        let index = place.index;
        let (opened, begun) = (replace(&mut place.opened, true), replace(&mut place.begun, true));
        if begun {
            let content = item.remove("encrypted_content").filter(is_truthy)?;
            let id = item.remove("id").unwrap_or_default();
            let summary = ("summary", Value::Array(Vec::new()));
            return Some(reasoning_block(index, [("id", id), summary, ("encrypted_content", content)]));
        }
        let thoughts = self.missed_thoughts(index, &item);
        if opened {
            // Not again what the beginning said.
            item = thoughts_of(item);
        }
        let mut message = block(index, item);
        message.reasoning = thoughts;
        Some(message)
    }

    /// All thoughts of an item of which no piece came before.
    fn missed_thoughts(&mut self, index: i64, item: &Map<String, Value>) -> Option<String> {
        let thoughts = thoughts(item).join(THOUGHT_BREAK);
        if thoughts.is_empty() {
            return None;
        }
        let follows = self.last_thought.replace((index, 0, true)).is_some();
        Some(if follows { format!("{THOUGHT_BREAK}{thoughts}") } else { thoughts })
    }

    fn rest_of_call(&mut self, at: At, mut item: Map<String, Value>) -> Option<AiMessage> {
        let place = self.places.part(at, 0);
        let index = place.index;
        let (opened, begun) = (replace(&mut place.opened, true), replace(&mut place.begun, true));
        if type_of(&item) == "custom_tool_call" {
            let mut piece = call(&item, index);
            piece.args =
                Some(custom_arguments(item.get("input").and_then(Value::as_str).unwrap_or_default()));
            let mut message = block(index, item);
            message.push_tool_call_chunk(piece);
            return (!opened).then_some(message);
        }
        let missed = match item.remove("arguments").filter(|arguments| !begun && is_truthy(arguments)) {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        if !opened {
            return Some(function_call(index, item, missed));
        }
        (!missed.is_empty()).then(|| arguments(index, missed))
    }
}

fn type_of(item: &Map<String, Value>) -> &str {
    item.get("type").and_then(Value::as_str).unwrap_or_default()
}
