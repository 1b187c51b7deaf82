//! The text of a value in a prompt.

use std::borrow::Cow;

use serde_json::Number;

use super::format_spec::shortest;
use crate::Data;

/// Appends the text of a value.
#[inline]
pub(super) fn push_text(out: &mut String, value: &Data) {
    match value {
        Data::Text(text) => out.push_str(text),
        other => push_other(out, other),
    }
}

// A separate function, so that the code for the common kinds of value stays small where it is inlined.
#[inline(never)]
fn push_other(out: &mut String, value: &Data) {
    match value {
        Data::Number(number) => push_number(out, number),
        value => out.push_str(&text_of(value)),
    }
}

/// Appends the text of a number.
#[inline]
pub(crate) fn push_number(out: &mut String, number: &Number) {
    let mut digits = itoa::Buffer::new();
    if let Some(size) = number.as_u64() {
        out.push_str(digits.format(size));
    } else if let Some(negative) = number.as_i64() {
        out.push_str(digits.format(negative));
    } else {
        out.push_str(&number_text(number));
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => shortest(float),
        _ => number.to_string(),
    }
}

/// Returns the text of a value, the same in every template language.
///
/// Texts are unchanged. Numbers are written as in Python: `1.0`, `1e+16`. A message or a filled prompt gives its text.
/// `true`, `false`, `null`, lists and records are written as JSON.
pub(super) fn text_of(value: &Data) -> Cow<'_, str> {
    match value {
        Data::Text(text) => Cow::Borrowed(text),
        Data::Number(number) => number_text(number).into(),
        Data::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Data::Null => Cow::Borrowed("null"),
        Data::Message(message) => message.text(),
        Data::Prompt(prompt) => prompt.to_string().into(),
        Data::Error(error) => error.to_string().into(),
        Data::Json(json) => text_of(json.data()),
        // Cannot fail: a data value always serializes.
        Data::List(_) | Data::Record(_) => serde_json::to_string(value).unwrap_or_default().into(),
    }
}

/// Formats a value as lines for a prompt: one line per item of a list, and `name: value` per member of a record. Texts
/// are unchanged; other values are written as in a prompt.
///
/// # Example
/// ```
/// use catena_core::{stringify_value, vars};
/// use serde_json::json;
/// assert_eq!(stringify_value(&json!(["x", 1.5]).into()), "x\n1.5");
/// assert_eq!(stringify_value(&vars! { name: "Ann", likes: vec!["tea", "cake"] }), "\nname: Ann\nlikes: tea\ncake\n");
/// ```
pub fn stringify_value(value: &Data) -> String {
    let mut out = String::new();
    push_lines(&mut out, value);
    out
}

fn push_lines(out: &mut String, value: &Data) {
    match value {
        Data::List(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push('\n');
                }
                push_lines(out, item);
            }
        }
        Data::Record(record) => {
            out.push('\n');
            for (name, value) in record.iter() {
                out.push_str(name);
                out.push_str(": ");
                push_lines(out, value);
                out.push('\n');
            }
        }
        Data::Json(json) => push_lines(out, json.data()),
        plain => push_text(out, plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, PromptValue};
    use serde_json::json;

    #[test]
    fn values_read_as_people_write_them() {
        for (value, expected) in [
            (Data::from("{x} \"y\""), "{x} \"y\""),
            (1.0.into(), "1.0"),
            (1e16.into(), "1e+16"),
            ((-0.0).into(), "-0.0"),
            (0.1.into(), "0.1"),
            (1e-7.into(), "1e-07"),
            (u64::MAX.into(), "18446744073709551615"),
            (i64::MIN.into(), "-9223372036854775808"),
            ((-7).into(), "-7"),
            (0.into(), "0"),
            (true.into(), "true"),
            (Data::Null, "null"),
            (json!([1, "x", null, {"a": 1.5}]).into(), r#"[1,"x",null,{"a":1.5}]"#),
            (Message::ai("Hi").into(), "Hi"),
            (PromptValue::from([Message::human("Hi")]).into(), "Human: Hi"),
        ] {
            assert_eq!(text_of(&value), expected);
            let mut out = String::new();
            push_text(&mut out, &value);
            assert_eq!(out, expected);
        }
    }
}
