//! Parsing of the arguments of a tool call.

use std::borrow::Cow;

use super::unpaired::replace_unpaired;
use crate::parser::{parse_partial_data, parse_partial_json};
use crate::{Data, Record};

/// Parses arguments; an empty text and `null` are empty arguments. `None` for anything but a JSON object.
///
/// Unescaped newlines and other control characters are allowed in strings, and unpaired surrogates are replaced. If
/// `partial`, the text may be truncated.
pub(super) fn parse(text: &str, partial: bool) -> Option<Record> {
    read_arguments(text, partial, false)
}

/// Like [`parse`]. If `strict`, control characters must be escaped.
pub(crate) fn read_arguments(text: &str, partial: bool, strict: bool) -> Option<Record> {
    if text.trim().is_empty() {
        return Some(Record::new());
    }
    let value = match read_mended(text, strict) {
        Err(_) if partial && strict => parse_partial_json(text, true).ok()?.into(),
        // What is no value yet is not `null`.
        Err(_) if partial => parse_partial_data(text).ok().filter(|value| !matches!(value, Data::Null))?,
        value => value.ok()?,
    };
    match value {
        Data::Record(args) => Some(args),
        Data::Null => Some(Record::new()),
        _ => None,
    }
}

fn read_mended(text: &str, strict: bool) -> serde_json::Result<Data> {
    serde_json::from_str(text).or_else(|error| {
        let escaped = if strict { None } else { escape_controls(text) };
        let escaped = escaped.map_or(Cow::Borrowed(text), Cow::Owned);
        match replace_unpaired(&escaped) {
            mended if mended == text => Err(error),
            mended => serde_json::from_str(&mended),
        }
    })
}

/// Escapes the control characters inside the strings of a JSON text; `None` if there are none.
fn escape_controls(text: &str) -> Option<String> {
    let is_control = |c: char| c < ' ';
    text.contains(is_control).then(|| {
        let (mut inside, mut escaped) = (false, false);
        let mut out = String::with_capacity(text.len() + 16);
        for c in text.chars() {
            if inside && is_control(c) {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
                escaped = false;
                continue;
            }
            inside ^= c == '"' && !escaped;
            escaped = inside && c == '\\' && !escaped;
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, partial: bool, expected: Option<serde_json::Value>) {
        let args = parse(text, partial).map(|args| Data::Record(args).into_json());
        assert_eq!(args, expected, "{text}");
    }

    #[test]
    fn arguments_are_read_leniently_but_never_guessed() {
        check(r#"{"a": 1}"#, false, Some(json!({"a": 1})));
        for nothing in ["", "  ", "null", "{}"] {
            check(nothing, false, Some(json!({})));
        }
        check("{\"a\":\n \"x\ny\\\"\tz\"}", false, Some(json!({"a": "x\ny\"\tz"})));
        check(r#"{"a": "hel"#, false, None);
        check(r#"{"a": "hel"#, true, Some(json!({"a": "hel"})));
        for wrong in ["oops", "[1]", "5", "\"x\"", r#"{"a": 1} x"#] {
            check(wrong, false, None);
        }
        check("oops", true, None);
        check(":1}", true, None);
    }

    #[test]
    fn half_a_character_does_not_lose_the_arguments() {
        for partial in [false, true] {
            check(r#"{"a": "x\ud83d"}"#, partial, Some(json!({"a": "x\u{FFFD}"})));
            check("{\"a\": \"\n\\ude00\"}", partial, Some(json!({"a": "\n\u{FFFD}"})));
        }
        assert!(read_arguments(r#"{"a": "\ud83d"}"#, false, true).is_some());
        assert!(read_arguments("{\"a\": \"\n\\ud83d\"}", false, true).is_none());
    }

    #[test]
    fn the_order_of_arguments_is_kept() {
        let args = parse(r#"{"z": 1, "a": 2}"#, false).expect("arguments");
        assert_eq!(args.names().collect::<Vec<_>>(), ["z", "a"]);
    }
}
