//! Tool calls of answers, whole and in pieces, from servers of many habits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use catena_core::{AiMessage, ToolCallChunk};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lenient::Text;
use super::members::{Members, Number, deserialize_members, skip, take_extra};

/// A list of calls as it comes. Anything that is no list counts as an empty one.
#[derive(Debug, Default)]
pub(super) struct WireCalls<'a>(Vec<WireCall<'a>>);

#[derive(Debug, Default)]
struct WireCall<'a> {
    index: Number,
    id: Text<'a>,
    function: Called<'a>,
    custom: Option<Called<'a>>,
    extra: Map<String, Value>,
}

impl<'de> Members<'de> for WireCall<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "index" => self.index = object.next_value()?,
            "id" => self.id = object.next_value()?,
            "type" => skip(object)?,
            "function" => self.function = object.next_value()?,
            "custom" => self.custom = object.next_value()?,
            _ => take_extra(&mut self.extra, name, object)?,
        }
        Ok(())
    }
}

deserialize_members!(WireCall);

/// What is called, and with what.
#[derive(Debug, Default)]
struct Called<'a> {
    name: Text<'a>,
    arguments: Option<&'a RawValue>,
}

impl<'de> Members<'de> for Called<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "name" => self.name = object.next_value()?,
            "arguments" | "input" => self.arguments = object.next_value()?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

deserialize_members!(Called);

impl Called<'_> {
    /// The arguments as a text: some servers send them as what they are.
    fn arguments(&self) -> Option<String> {
        match self.arguments?.get() {
            "null" => None,
            text if text.starts_with('"') => serde_json::from_str(text).ok(),
            json => Some(json.to_owned()),
        }
    }
}

/// What is known of the calls of an answer while it comes.
#[derive(Debug, Default)]
pub(super) struct CallPieces(BTreeMap<i64, Call>);

#[derive(Debug, Default)]
struct Call {
    id: Option<String>,
    named: bool,
}

impl CallPieces {
    /// Adds the pieces of a list of calls to a message. True if there are any.
    pub(super) fn add(&mut self, calls: WireCalls<'_>, message: &mut AiMessage) -> bool {
        let any = !calls.0.is_empty();
        for (position, call) in calls.0.into_iter().enumerate() {
            message.push_tool_call_chunk(self.piece(position, call));
        }
        any
    }

    /// A piece without what repeats what is known: the first id and the first name count.
    fn piece(&mut self, position: usize, call: WireCall<'_>) -> ToolCallChunk {
        let index = call.index.0.or_else(|| i64::try_from(position).ok()).unwrap_or(i64::MAX);
        let mut piece = ToolCallChunk::new(index);
        let known = self.0.entry(index).or_default();
        if let Some(id) = call.id.into_string() {
            if known.id.as_ref().is_some_and(|known| *known != id) {
                known.named = false;
            }
            known.id = Some(id.clone());
            piece.id = Some(id);
        }
        piece.extra = call.extra;
        let called = match call.custom {
            Some(custom) => {
                piece.extra.insert("custom".to_owned(), true.into());
                custom
            }
            None => call.function,
        };
        piece.args = called.arguments();
        if !known.named {
            piece.name = called.name.into_string();
            known.named = piece.name.is_some();
        }
        piece
    }
}

impl<'de> Deserialize<'de> for WireCalls<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CallsVisitor)
    }
}

struct CallsVisitor;

impl<'de> Visitor<'de> for CallsVisitor {
    type Value = WireCalls<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of calls")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(WireCalls::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(WireCalls::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(WireCalls::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(WireCalls::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut calls = Vec::new();
        while let Some(call) = items.next_element()? {
            // Null stands for no call.
            calls.extend::<Option<WireCall<'_>>>(call);
        }
        Ok(WireCalls(calls))
    }
}
