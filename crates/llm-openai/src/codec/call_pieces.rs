//! Tool calls of answers, complete and in deltas, tolerating the quirks of many servers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use catena_core::{AiMessage, ToolCallChunk};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::custom_tool::CustomInput;
use super::lenient::Text;
use super::members::{Members, Number, deserialize_members, skip, take_extra};

/// A list of tool calls as received. A single call counts as a list of one, because Text Generation Inference streams
/// calls that way. Anything else counts as an empty list.
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

impl WireCall<'_> {
    fn says_nothing(&self) -> bool {
        let Called { name, arguments, input } = &self.function;
        let named = self.id.as_str().or(name.as_str()).is_some();
        !named && self.custom.is_none() && arguments.is_none() && input.is_none()
    }
}

/// The function and its arguments.
#[derive(Debug, Default)]
struct Called<'a> {
    name: Text<'a>,
    /// As a text: some servers send the JSON value itself.
    arguments: Option<String>,
    /// The input of a custom tool, if it is a text.
    input: Option<String>,
}

impl<'de> Members<'de> for Called<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Cow<'de, str>, object: &mut A) -> Result<(), A::Error> {
        match &*name {
            "name" => self.name = object.next_value()?,
            "arguments" => self.arguments = text_of(object.next_value()?)?,
            "input" => match object.next_value::<Option<&RawValue>>()? {
                Some(input) if input.get().starts_with('"') => self.input = text_of(Some(input))?,
                input => self.arguments = text_of(input)?,
            },
            _ => skip(object)?,
        }
        Ok(())
    }
}

deserialize_members!(Called);

/// Returns a text, or other JSON verbatim.
fn text_of<E: Error>(json: Option<&RawValue>) -> Result<Option<String>, E> {
    match json.map(RawValue::get) {
        None => Ok(None),
        Some(text) if text.starts_with('"') => serde_json::from_str(text).map(Some).map_err(E::custom),
        Some(json) => Ok(Some(json.to_owned())),
    }
}

/// The state of the tool calls of a streamed answer.
#[derive(Debug, Default)]
pub(super) struct CallPieces {
    calls: BTreeMap<i64, Call>,
    /// The highest index of a delta so far.
    last: i64,
    /// Whether a call was given another index than the server's, so that later ones may need another too.
    moved: bool,
}

#[derive(Debug, Default)]
struct Call {
    /// The index of its deltas.
    index: i64,
    id: Option<String>,
    name: String,
    arguments: ObjectEnd,
    input: CustomInput,
}

impl CallPieces {
    /// Adds the deltas of a list of calls to a message. Returns true if there are any.
    pub(super) fn add(&mut self, calls: WireCalls<'_>, message: &mut AiMessage) -> bool {
        let any = !calls.0.is_empty();
        for (position, call) in calls.0.into_iter().enumerate() {
            self.add_piece(position, call, message);
        }
        any
    }

    /// Adds the parts of calls that are only known at the end of the answer.
    pub(super) fn end(&mut self, message: &mut AiMessage) {
        self.calls.values_mut().filter_map(Call::end).for_each(|piece| message.push_tool_call_chunk(piece));
    }

    /// Adds a delta without repeating what is known: the first id counts, and of names only what is new.
    fn add_piece(&mut self, position: usize, call: WireCall<'_>, message: &mut AiMessage) {
        let place = call.index.0.or_else(|| i64::try_from(position).ok()).unwrap_or(i64::MAX);
        let (called, custom) = match call.custom {
            Some(custom) => (custom, true),
            None => (call.function, false),
        };
        let (id, mut args, mut input) = (call.id.into_string(), called.arguments, called.input);
        if !custom {
            args = args.or_else(|| input.take());
        }
        let name = called.name.into_string().unwrap_or_default();
        let known = self.known(place, |known| {
            id.is_none() && known.id.is_none() && known.is_followed_by(&name, args.as_deref())
        });
        let mut piece = ToolCallChunk::new(known.index);
        match &id {
            Some(id) => known.identify(id).into_iter().for_each(|end| message.push_tool_call_chunk(end)),
            None if known.id.is_none() => known.arguments.read(args.as_deref().unwrap_or_default()),
            None => {}
        }
        if !name.is_empty() && name != known.name {
            known.name.push_str(&name);
            piece.name = Some(name);
        }
        let args = args.or_else(|| input.map(|input| known.input.piece(&input)));
        (piece.id, piece.args, piece.extra) = (id, args, call.extra);
        if custom {
            piece.extra.insert("custom".to_owned(), true.into());
        }
        message.push_tool_call_chunk(piece);
    }

    /// Returns the call that a delta at this index belongs to: the known one, unless it `is_over`.
    fn known(&mut self, place: i64, is_over: impl FnOnce(&Call) -> bool) -> &mut Call {
        let over = self.calls.get(&place).is_some_and(is_over);
        self.moved |= over;
        let next = self.last.saturating_add(1);
        if over {
            self.calls.remove(&place);
        }
        let index = if self.moved { place.max(next) } else { place };
        let known = self.calls.entry(place).or_insert_with(|| Call { index, ..Call::default() });
        self.last = self.last.max(known.index);
        known
    }
}

impl Call {
    /// A different id at the same index starts another call; returns the end of the previous one.
    fn identify(&mut self, id: &str) -> Option<ToolCallChunk> {
        let mut end = None;
        if self.id.as_ref().is_some_and(|known| known != id) {
            self.name.clear();
            end = self.end();
        }
        self.id = Some(id.to_owned());
        end
    }

    /// Returns what completes the call if no more deltas arrive.
    fn end(&mut self) -> Option<ToolCallChunk> {
        self.input.end().map(|end| ToolCallChunk::new(self.index).with_args(end))
    }

    /// Returns whether a delta with this name starts the next call. If a server sends no ids and the same index for all
    /// calls, this is the only evidence: the arguments so far are complete, and either another name arrives, or the
    /// same name with new arguments.
    fn is_followed_by(&self, name: &str, args: Option<&str>) -> bool {
        let says_more = || args.is_some_and(|args| !args.trim().is_empty());
        !name.is_empty() && self.arguments.is_reached() && (name != self.name || says_more())
    }
}

/// Finds the end of a JSON object that arrives in deltas.
#[derive(Debug, Default)]
struct ObjectEnd {
    depth: usize,
    in_string: bool,
    escaped: bool,
    reached: bool,
}

impl ObjectEnd {
    fn is_reached(&self) -> bool {
        self.reached
    }

    fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.reached = self.depth == 0;
                }
                _ => {}
            }
        }
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

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        let call = WireCall::deserialize(MapAccessDeserializer::new(members))?;
        Ok(WireCalls(if call.says_nothing() { Vec::new() } else { vec![call] }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut calls = Vec::new();
        while let Some(call) = items.next_element()? {
            // Null counts as no call.
            calls.extend::<Option<WireCall<'_>>>(call);
        }
        Ok(WireCalls(calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Checks the name and arguments of the calls that these lists, one for each event, add up to.
    #[track_caller]
    fn check(lists: &[Value], expected: &[(&str, &str)]) {
        let (mut pieces, mut message) = (CallPieces::default(), AiMessage::default());
        for list in lists {
            pieces.add(serde_json::from_str(&list.to_string()).expect("calls"), &mut message);
        }
        pieces.end(&mut message);
        let message = message.into_whole();
        let calls = message.tool_calls().iter().map(|call| (call.name.as_str(), format!("{:?}", call.args)));
        let expected = expected.iter().map(|&(name, args)| (name, args.to_owned()));
        assert_eq!(calls.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert!(message.invalid_tool_calls().is_empty(), "{:?}", message.invalid_tool_calls());
    }

    fn call(index: Option<i64>, id: &str, name: &str, arguments: &str) -> Value {
        json!([{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}])
    }

    #[test]
    fn calls_without_ids_end_where_their_arguments_do() {
        let both = [("f", r#"{"a": "}"}"#), ("f", r#"{"a": 2}"#)];
        for index in [None, Some(0)] {
            let (one, two) = (call(index, "", "f", r#"{"a":"}"}"#), call(index, "", "f", r#"{"a":2}"#));
            check(&[one, two], &both);
            let pieces = [
                call(index, "", "f", ""),
                call(index, "", "f", r#"{"a":"#),
                call(index, "", "f", r#""}"}"#),
                call(index, "", "f", ""),
                call(index, "", "f", r#"{"a"#),
                call(index, "", "", r#"":2}"#),
            ];
            check(&pieces, &both);
        }
        let three =
            [call(Some(0), "", "f", "{}"), call(Some(0), "", "g", "{}"), call(Some(1), "", "h", "{}")];
        check(&three, &[("f", "{}"), ("g", "{}"), ("h", "{}")]);
        let named_first =
            ["f", "", "g", ""].map(|name| call(Some(0), "", name, if name.is_empty() { "{}" } else { "" }));
        check(&named_first, &[("f", "{}"), ("g", "{}")]);
        let in_one = json!([{"index": 0, "function": {"name": "f", "arguments": {}}}, {"index": 0, "function": {"name": "g", "arguments": {}}}]);
        check(&[in_one], &[("f", "{}"), ("g", "{}")]);
    }

    #[test]
    fn custom_tools_are_given_texts() {
        let custom = |id: &str, name: &str, input: Value| json!([{"id": id, "type": "custom", "custom": {"name": name, "input": input}}]);
        let one = r#"{"__arg1": "1 \"+\" 1"}"#;
        check(&[custom("c", "run", json!("1 \"+\" 1"))], &[("run", one)]);
        check(
            &[custom("c", "run", json!("1 \"")), custom("", "", json!("+\"")), custom("", "", json!(" 1"))],
            &[("run", one)],
        );
        check(
            &[custom("c", "run", json!("{}")), custom("d", "run", json!(""))],
            &[("run", r#"{"__arg1": "{}"}"#), ("run", r#"{"__arg1": ""}"#)],
        );
        check(&[custom("c", "run", json!({"a": 1}))], &[("run", r#"{"a": 1}"#)]);
        check(&[custom("c", "run", json!(null))], &[("run", "{}")]);
    }

    #[test]
    fn a_call_alone_is_a_list_of_one() {
        let alone = |mut list: Value| list[0].take();
        let begin = alone(call(Some(0), "c", "f", r#"{"a":"#));
        let rest = alone(json!([{"index": 0, "function": {"name": null, "arguments": "2}"}}]));
        check(&[begin.clone(), rest.clone()], &[("f", r#"{"a": 2}"#)]);
        check(&[json!([begin]), rest], &[("f", r#"{"a": 2}"#)]);
        check(&[alone(call(None, "", "f", "{}"))], &[("f", "{}")]);
        for nothing in [json!({}), json!({"index": 0, "function": null}), json!({"x": 1}), json!("x")] {
            check(&[nothing], &[]);
        }
    }

    #[test]
    fn names_come_whole_or_in_pieces_once_or_again() {
        let rest = call(Some(0), "", "", "{}");
        for names in
            [vec!["get_it"], vec!["get_", "it"], vec!["get_it", "get_it"], vec!["get_", "it", "get_it"]]
        {
            let begin = names.iter().map(|name| call(Some(0), "c", name, ""));
            check(&begin.chain([rest.clone()]).collect::<Vec<_>>(), &[("get_it", "{}")]);
        }
        let two = [call(Some(0), "c", "f", "{}"), call(Some(0), "d", "f", "{}")];
        check(&two, &[("f", "{}"), ("f", "{}")]);
    }
}
