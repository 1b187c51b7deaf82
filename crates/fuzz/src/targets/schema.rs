//! JSON Schemas from elsewhere, and answers that are checked against them.

use catena_core::{JsonSchemaOutputParser, TypedOutputParser};
use serde_json::Value;

use crate::input::Input;
use crate::law::{checked, same_in_pieces};

pub(super) const WORDS: &[&str] = &[
    "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"integer\"}}, \"required\": [\"a\"]}\0{\"a\": 1}",
    "{\"$ref\": \"#\"}\0{}",
    "{\"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"$ref\": \"#/$defs/a\"}}, \"$ref\": \"#/$defs/a\"}\0[]",
    "{\"type\": [\"array\", \"null\"], \"items\": {\"$ref\": \"#\"}}\0[[[[[]]]]]",
    "{\"anyOf\": [{\"$ref\": \"#\"}, {\"type\": \"string\"}]}\0\"x\"",
    "{\"allOf\": [{\"$ref\": \"#\"}, {\"$ref\": \"#\"}]}\0{}",
    "{\"type\": \"string\", \"pattern\": \"(a*)*b\", \"minLength\": 2, \"maxLength\": 3}\0\"aaaa\"",
    "{\"enum\": [1, 2.0, \"a\", null]}\u{0}2",
    "{\"type\": \"number\", \"multipleOf\": 0.1, \"minimum\": -1e308}\u{0}1.1",
    "{\"oneOf\": [{\"const\": 1}, {\"type\": \"integer\", \"default\": 3}], \"not\": {}}\u{0}1",
    "{\"additionalProperties\": {\"$ref\": \"#\"}, \"patternProperties\": {\".\": true}}\0{\"a\": {}}",
    "{\"uniqueItems\": true, \"prefixItems\": [true], \"contains\": {}}\0[1,1]",
    "\0",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"$ref\": \"#\"",
    "\"#/\"",
    "\"~1\"",
    "\"type\": \"object\"",
    "true",
    "false",
];

/// A schema and an answer.
pub(super) fn schema(data: &[u8]) {
    let input = Input::new(data);
    let (schema, answer) = input.two_texts();
    let Ok(schema) = serde_json::from_str::<Value>(&schema) else { return };
    if let Some(parser) = checked(JsonSchemaOutputParser::new(schema.clone())) {
        let parser = if input.control.is_multiple_of(3) { parser.with_defaults() } else { parser };
        let parser = if input.control.is_multiple_of(2) { parser.lenient() } else { parser };
        same_in_pieces(&parser, input, &answer).ok();
    }
    let typed = TypedOutputParser::<Option<Vec<u8>>>::with_schema(schema);
    same_in_pieces(&typed, input, &answer).ok();
}
