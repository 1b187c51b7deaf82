//! The parsers of answers that are neither JSON nor XML.

use catena_core::{
    BooleanOutputParser, Chunk, CommaSeparatedListOutputParser, Data, DatetimeOutputParser, EnumOutputParser,
    JsonKeyOutputFunctionsParser, JsonOutputFunctionsParser, JsonOutputToolsParser, MarkdownListOutputParser,
    NumberedListOutputParser, RegexDictParser, RegexParser, ResponseSchema, StrOutputParser,
    StructuredOutputParser, YamlOutputParser, parse_tool_call, parse_tool_calls,
};
use serde_json::Value;

use crate::input::Input;
use crate::law::{bounded, checked, in_proportion, same_in_pieces};

pub(super) const WORDS: &[&str] = &[
    ",",
    "\"",
    "\\\"",
    "\n",
    "\r\n",
    "- ",
    "* ",
    "1. ",
    "99999999999999999999. ",
    "  ",
    "\t",
    "yes",
    "NO",
    "yesno",
    "red",
    "Action: ",
    "Action Input: ",
    "N/A",
    "```json\n{\"a\": \"b\"}\n```",
    "```",
    "{\"a\":",
    "é",
    "\u{2028}",
    "\u{feff}",
    "\0",
    "{\"name\": \"f\", \"arguments\": \"{}\"}",
    "{\"function\": {\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1\"}, \"id\": \"c\"}",
];
pub(super) const YAML: &[&str] = &[
    "a: ",
    "- ",
    "&x ",
    "*x",
    "<<: ",
    "!!binary ",
    "!!int ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    ": ",
    "? ",
    "\n",
    "  ",
    "\t",
    "#",
    "'",
    "\"",
    "\\x",
    "~",
    "yes",
    "0x1F",
    "1e999",
    ".nan",
    "-.inf",
    "2024-01-01",
    "```yaml\n",
    "```",
    "é",
    "\u{feff}",
    "\0",
];
pub(super) const DATES: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S.%fZ\u{0}2024-02-29T23:59:59.123456Z",
    "%d.%m.%y %I:%M %p\u{0}31.12.99 12:00 AM",
    "%j %U %w %A %B %Z %z\u{0}366 53 6 Sunday May UTC +23:59:59.999999",
    "%G-%V-%u\u{0}2020-53-7",
    "%%%c%x%X\0%",
    "%",
    "\0",
    "%Y",
    "%m",
    "%d",
    "%f",
    "%z",
    "%p",
    "9999",
    "0000",
    "-",
    ":",
    "+",
    "é",
    " ",
    "٣",
];
pub(super) const REGEX: &[&str] = &[
    "(a*)*b\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "Answer: (.*?)\nScore: (\\d+)\0Answer: x\nScore: 7",
    "(?P<n>x)(?P=n)\0xx",
    "(?<=a)b\0ab",
    "(?<!a{1000})b\0b",
    "(x{1000}){1000}\0x",
    "(",
    ")",
    "[",
    "]",
    "*",
    "+?",
    "{9}",
    "{,9}",
    "|",
    "\\1",
    "\\p{L}",
    "\\Z",
    "(?i)",
    "(?x: #",
    "(?(1)a|b)",
    "\\N{DASH}",
    "^",
    "$",
    ".",
    "\0",
    "é",
];

/// Lists, and the text as it is.
pub(super) fn lists(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    in_proportion(&same_in_pieces(&CommaSeparatedListOutputParser, input, &text), &text, 8);
    in_proportion(&same_in_pieces(&NumberedListOutputParser, input, &text), &text, 8);
    in_proportion(&same_in_pieces(&MarkdownListOutputParser, input, &text), &text, 8);
    let whole = same_in_pieces(&StrOutputParser, input, &text);
    assert_eq!(whole, Ok(Value::from(&*text)));
}

/// Short answers, labelled ones, and calls of functions.
pub(super) fn answers(data: &[u8]) {
    let input = Input::new(data);
    let text = input.text();
    checked(BooleanOutputParser::new().parse(&text));
    checked(EnumOutputParser::new([("red", 1), ("green", 2)]).parse(&text));
    checked(RegexDictParser::new([("action", "Action"), ("input", "Action Input")]).parse(&text));
    let structured = StructuredOutputParser::new([ResponseSchema::new("a", "some text")]);
    same_in_pieces(&structured, input, &text).ok();
    same_in_pieces(&JsonOutputToolsParser::new(), input, &text).ok();
    same_in_pieces(&JsonOutputFunctionsParser::new(), input, &text).ok();
    same_in_pieces(&JsonKeyOutputFunctionsParser::new("a"), input, &text).ok();
    if let Ok(raw) = serde_json::from_str::<Value>(&text) {
        let (partial, strict) = (input.control.is_multiple_of(2), input.control.is_multiple_of(3));
        checked(parse_tool_call(&raw, partial, strict));
        checked(parse_tool_calls(&[raw.clone(), raw], partial, strict));
    }
}

/// YAML. What is JSON too reads as such.
pub(super) fn yaml(data: &[u8]) {
    let text = Input::new(data).text();
    let read = YamlOutputParser::<Data>::new().parse(&text);
    read.as_ref().inspect_err(|error| bounded(error)).ok();
    // An alias may stand for more than it takes to write it, up to a bound.
    if let Ok(value) = read {
        let length = value.to_json().to_string().len();
        assert!(
            length <= 64 + 16 * text.len() + 10_000 * (64 + text.len()),
            "{length} bytes of {}",
            text.len()
        );
    }
}

/// A format and a date in it: what is read is written, and read as the same.
pub(super) fn datetime(data: &[u8]) {
    let input = Input::new(data);
    let (format, answer) = input.two_texts();
    let Some(parser) = checked(DatetimeOutputParser::with_format(&*format)) else { return };
    if let Some(date) = checked(parser.parse(&answer)) {
        let shown = date.to_json();
        let again = DatetimeOutputParser::with_format("%Y-%m-%dT%H:%M:%S.%f")
            .map(|parser| parser.parse(&date.to_string()));
        assert!(shown.to_string().len() < 100, "{shown}");
        drop(again);
    }
}

/// An expression and an answer.
pub(super) fn regex(data: &[u8]) {
    let input = Input::new(data);
    let (pattern, answer) = input.two_texts();
    let keys = ["one", "two"].into_iter().take(usize::from(input.control % 3));
    if let Some(parser) = checked(RegexParser::new(&*pattern, keys)) {
        checked(parser.parse(&answer));
    }
}
