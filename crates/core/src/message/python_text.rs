//! JSON with Python's spacing, and values in Python's `repr` syntax.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use super::ToolCall;
use crate::prompt::{push_number, quoted};
use crate::{Chunk, Data, Record};

/// The conventional order of the members of content blocks, which JSON maps do not preserve. The type comes first, then
/// the member named after it, then these, then all others.
const FIRST: [&str; 15] = [
    "source_type",
    "tool_use_id",
    "tool_call_id",
    "call_id",
    "name",
    "text",
    "url",
    "media_type",
    "base64",
    "data",
    "mime_type",
    "title",
    "status",
    "args",
    "id",
];

/// Writes JSON with a space after every comma and colon, as Python does. With `ascii`, non-ASCII characters are
/// escaped.
pub(super) fn spaced_json(value: &impl Serialize, ascii: bool) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced { ascii }));
    // Serializing a JSON value cannot fail and gives UTF-8.
    written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_default()
}

struct Spaced {
    ascii: bool,
}

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        if !self.ascii || text.is_ascii() {
            return writer.write_all(text.as_bytes());
        }
        for c in text.chars() {
            if c.is_ascii() {
                write!(writer, "{c}")?;
            } else {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// Formats a value as Python's `repr` does: quoted texts, `True`, `None`.
pub(super) fn python_repr(value: &Data) -> String {
    let mut out = String::new();
    push_repr(&mut out, value);
    out
}

fn push_repr(out: &mut String, value: &Data) {
    match value {
        Data::Null => out.push_str("None"),
        Data::Bool(true) => out.push_str("True"),
        Data::Bool(false) => out.push_str("False"),
        Data::Number(number) => push_number(out, number),
        Data::Text(text) => out.push_str(&quoted(text)),
        Data::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                push_repr(out, item);
            }
            out.push(']');
        }
        Data::Record(record) => {
            out.push('{');
            for (index, (name, value)) in record.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(&quoted(name));
                out.push_str(": ");
                push_repr(out, value);
            }
            out.push('}');
        }
        Data::Json(json) => push_repr(out, json.data()),
        Data::Message(_) | Data::Prompt(_) | Data::Error(_) => push_repr(out, &in_order(&value.to_json())),
    }
}

/// Converts the JSON of a content block to data with its members in conventional order.
pub(super) fn in_order(value: &Value) -> Data {
    match value {
        Value::Array(items) => Data::List(items.iter().map(in_order).collect()),
        Value::Object(members) => {
            let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
            let rank = |name: &str| match name {
                "type" => 0,
                name if name == kind => 1,
                // A call in Anthropic's format.
                "id" if kind == "tool_use" => 1,
                name => 2 + FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len()),
            };
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| rank(name));
            members
                .into_iter()
                .map(|(name, value)| (name.as_str(), in_order(value)))
                .collect::<Record>()
                .into()
        }
        plain => plain.clone().into(),
    }
}

/// Formats tool calls as Python's `repr` does.
pub(super) fn calls_repr(calls: &[ToolCall]) -> String {
    let shown = calls.iter().map(|call| {
        let mut shown = Record::from_iter([
            ("name", Data::from(call.name.as_str())),
            ("args", Data::Record(call.args.clone())),
            ("id", call.id.as_deref().map_or(Data::Null, Data::from)),
            ("type", Data::from("tool_call")),
        ]);
        shown.extend(call.extra.iter().map(|(name, value)| (name.as_str(), in_order(value))));
        shown.into()
    });
    python_repr(&Data::List(shown.collect()))
}

/// Returns the length of a value's Python `repr`, in characters.
pub(super) fn shown_length(value: &Value) -> usize {
    let separators = |count: usize| 2 + 2 * count.saturating_sub(1);
    match value {
        Value::Null => 4,
        Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text_length(text),
        Value::Array(items) => separators(items.len()) + items.iter().map(shown_length).sum::<usize>(),
        Value::Object(members) => {
            let inner = members.iter().map(|(name, value)| text_length(name) + 2 + shown_length(value));
            separators(members.len()) + inner.sum::<usize>()
        }
    }
}

fn text_length(text: &str) -> usize {
    let double_quoted = text.contains('\'') && !text.contains('"');
    let length = |c: char| match c {
        '\n' | '\r' | '\t' | '\\' => 2,
        '\'' if !double_quoted => 2,
        c if c.is_control() => 4,
        _ => 1,
    };
    2 + text.chars().map(length).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_has_spaces() {
        let value = json!({"a": [1, "é😀"], "b": {}});
        assert_eq!(spaced_json(&value, false), r#"{"a": [1, "é😀"], "b": {}}"#);
        assert_eq!(spaced_json(&value, true), r#"{"a": [1, "\u00e9\ud83d\ude00"], "b": {}}"#);
    }

    #[test]
    fn values_are_shown_as_python_does() {
        let value = json!([
            "it's", "\n", null, true, 1.0, {}, {"url": "u", "type": "image", "detail": [false], "id": -1},
            {"type": "zeta", "alpha": 0, "zeta": 1}, {"type": "tool_use", "id": "c", "name": "f", "input": {}},
        ]);
        assert_eq!(
            python_repr(&in_order(&value)),
            r#"["it's", '\n', None, True, 1.0, {}, {'type': 'image', 'url': 'u', 'id': -1, 'detail': [False]}, "#.to_owned()
                + "{'type': 'zeta', 'zeta': 1, 'alpha': 0}, {'type': 'tool_use', 'id': 'c', 'name': 'f', 'input': {}}]"
        );
        let call = ToolCall::new("f", [("z", Data::Null), ("a", 1.into())]).with_id("c1");
        assert_eq!(
            calls_repr(&[call]),
            "[{'name': 'f', 'args': {'z': None, 'a': 1}, 'id': 'c1', 'type': 'tool_call'}]"
        );
    }

    #[test]
    fn values_have_the_length_that_python_shows() {
        for (value, shown) in [
            (
                json!([{"name": "f", "args": {"a": 1}, "id": null}]),
                "[{'name': 'f', 'args': {'a': 1}, 'id': None}]",
            ),
            (json!([]), "[]"),
            (json!({"t": [true, false, 1.5]}), "{'t': [True, False, 1.5]}"),
            (json!("it's\n"), "\"it's\\n\""),
        ] {
            assert_eq!(shown_length(&value), shown.len(), "{shown}");
        }
    }
}
