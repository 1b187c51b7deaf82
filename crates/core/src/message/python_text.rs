//! JSON with the spaces that Python puts into it, and how long values are as Python shows them.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// JSON with a space behind every comma and colon, as OpenAI's models see it everywhere. With `ascii`, all other
/// characters are escaped.
pub(super) fn spaced_json(value: &impl Serialize, ascii: bool) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, Spaced { ascii }));
    // JSON values are written without errors, and as UTF-8.
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

/// How many characters Python takes to show a value.
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
