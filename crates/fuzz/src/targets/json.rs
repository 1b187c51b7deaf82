//! JSON that may be incomplete, whole and in pieces.

use catena_core::{
    AiMessage, Chunk, Context, JsonOutputParser, Runnable, parse_json_markdown, parse_partial_json,
};
use futures_executor::block_on;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use crate::input::Input;
use crate::law::{checked, in_proportion, same_in_pieces};

pub(super) const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u0000",
    "true",
    "false",
    "null",
    "nul",
    "-",
    "0",
    "1e999",
    "1E-400",
    "12345678901234567890123",
    ".5",
    "```",
    "```json\n",
    "`",
    "{\"a\":",
    "[[[[",
    "\n",
    "\u{feff}",
    "é",
    "\u{7f}",
    "NaN",
    "Infinity",
    "//",
    "'",
];

/// How many characters an escaped one may become when it is written again.
const TIMES: usize = 8;

/// The functions.
pub(super) fn partial(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    let strict = input.control.is_multiple_of(2);
    let read = checked(parse_partial_json(&text, strict));
    if let Some(value) = &read {
        assert!(value.to_string().len() <= 64 + TIMES * text.len());
        let again = parse_partial_json(&value.to_string(), true);
        assert_eq!(again.as_ref().ok(), Some(value), "of {text:.500?}");
    }
    if let Ok(value) = serde_json::from_str::<Value>(&text) {
        let read = read.unwrap_or_default();
        assert!(same(&read, &value), "{read} instead of {value} of {text:.500?}");
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).take(200) {
            checked(parse_partial_json(&text[..end], true));
        }
    }
    checked(parse_json_markdown(&text));
}

/// Equal, where `-0` may be read as the integer that it is, as Python does.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let alike = |(name, one)| other.get(name).is_some_and(|other| same(one, other));
            one.len() == other.len() && one.iter().all(alike)
        }
        (Value::Number(_), Value::Number(_)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// The parser.
pub(super) fn stream(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    in_proportion(&same_in_pieces(&JsonOutputParser, input, &text), &text, TIMES);
}

/// The parser of changes: applied one after the other they give the value.
pub(super) fn diff(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    let parser = JsonOutputParser.diff();
    in_proportion(&same_in_pieces(&parser, input, &text), &text, 2 * TIMES);
    let pieces = input.text_pieces(&text).into_iter().map(|piece| Ok(AiMessage::new(piece)));
    let mut patches = parser.transform(stream::iter(pieces).boxed(), Context::default());
    let mut value = Value::Null;
    let complete = block_on(async {
        while let Some(patch) = patches.next().await {
            match patch {
                Ok(patch) => patch.apply(&mut value).unwrap_or_else(|error| panic!("{error} in {value}")),
                Err(_) => return false,
            }
        }
        true
    });
    // Changes cannot take back what an escape at the end of an answer that breaks off would have changed.
    let tail = &input.bytes[input.bytes.len().saturating_sub(16)..];
    if complete && !tail.contains(&b'\\') {
        let whole = block_on(JsonOutputParser.call(AiMessage::new(&*text), &Context::default()));
        assert_eq!(whole.map(|whole| whole.to_json()).ok(), Some(value), "of {text:.500?}");
    }
}
