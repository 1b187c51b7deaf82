//! Tests of every kind of parser and of the errors in its options.

use serde_json::json;

use crate::support::{check, check_error};

/// Checks what the parser makes of a model's answer with this text.
#[track_caller]
fn reads(parser: &str, answer: &str, expected: serde_json::Value) {
    let pipeline = json!({"seq": [{"model": [answer]}, {"parser": serde_json::Value::Null}]}).to_string();
    check(&pipeline.replace("null", parser), json!("?"), expected);
}

#[test]
fn texts_and_lists() {
    reads(r#""str""#, "a b", json!("a b"));
    reads(r#"{"kind": "comma_list"}"#, "a, b", json!(["a", "b"]));
    reads(r#""numbered_list""#, "1. a\n2. b", json!(["a", "b"]));
    reads(r#""markdown_list""#, "- a\n- b", json!(["a", "b"]));
}

#[test]
fn structures() {
    reads(r#""json""#, "```json\n{\"a\": [1]}\n```", json!({"a": [1]}));
    let schema = r#"{"kind": "json_schema", "schema": {"properties": {"a": {"default": 1}, "b": {"type": "string"}}}, "defaults": true}"#;
    reads(schema, r#"{"b": "x", "c": 2}"#, json!({"a": 1, "b": "x"}));
    let lenient =
        r#"{"kind": "json_schema", "schema": {"properties": {"a": {"type": "integer"}}}, "lenient": true}"#;
    reads(lenient, r#"{"a": "2"}"#, json!({"a": 2}));
    let structured = r#"{"kind": "structured", "response_schemas": [{"name": "a", "description": "one", "type": "number"}]}"#;
    reads(structured, "{\"a\": 2}", json!({"a": 2}));
    reads(r#"{"kind": "xml", "tags": ["a", "b"]}"#, "<a><b>1</b></a>", json!({"a": [{"b": "1"}]}));
    #[cfg(feature = "yaml")]
    reads(r#"{"kind": "yaml", "schema": {"type": "object"}}"#, "a: [1, x]", json!({"a": [1, "x"]}));
}

#[test]
fn short_and_labelled_answers() {
    reads(r#"{"kind": "enum", "values": ["red", "green"]}"#, " red\n", json!("red"));
    reads(r#"{"kind": "enum", "values": {"red": 1, "green": [2]}}"#, "green", json!([2]));
    reads(r#""boolean""#, "Yes.", json!(true));
    reads(r#"{"kind": "boolean", "true_val": "JA", "false_val": "NEIN"}"#, "nein", json!(false));
    reads(r#"{"kind": "datetime", "format": "%d.%m.%Y"}"#, "31.01.2024", json!("2024-01-31T00:00:00"));
    reads(
        r#"{"kind": "regex_dict", "output_key_to_format": {"a": "A", "b": "B"}, "no_update_value": "N/A"}"#,
        "A: x\nB: N/A",
        json!({"a": "x"}),
    );
    #[cfg(feature = "regex")]
    {
        let regex =
            r#"{"kind": "regex", "regex": "Score: (\\d+)", "output_keys": ["n"], "default_output_key": "n"}"#;
        reads(regex, "Score: 7", json!({"n": "7"}));
        reads(regex, "none", json!({"n": "none"}));
    }
    let combining = r#"{"kind": "combining", "parsers": ["json", {"kind": "regex_dict", "output_key_to_format": {"b": "B"}}]}"#;
    reads(combining, "{\"a\": 1}\n\nB: 2", json!({"a": 1, "b": "2"}));
}

/// Checks what the parser makes of a model's answer with a tool call and a legacy function call.
#[track_caller]
fn reads_calls(parser: &str, expected: serde_json::Value) {
    let pipeline = format!(r#"{{"seq": [{{"lambda": "call"}}, {{"parser": {parser}}}]}}"#);
    check(&pipeline, json!("?"), expected);
}

#[test]
fn calls() {
    let (call, args) = (json!({"type": "add", "args": {"a": 1}}), json!({"a": 1}));
    reads_calls(r#""json_tools""#, json!([call]));
    let tools = r#"{"kind": "json_tools", "tools": {"add": {"properties": {"a": {}, "b": {"default": 2}}}}, "first_tool_only": true}"#;
    reads_calls(tools, json!({"type": "add", "args": {"a": 1, "b": 2}}));
    let with_id = json!([{"type": "add", "args": {"a": 1}, "id": "c"}]);
    reads_calls(r#"{"kind": "json_tools", "return_id": true}"#, with_id.clone());
    reads_calls(r#"{"kind": "json_key_tools", "key_name": "add"}"#, json!([args]));
    reads_calls(r#"{"kind": "json_key_tools", "key_name": "add", "return_id": true}"#, with_id);
    reads_calls(r#"{"kind": "json_key_tools", "key_name": "x", "first_tool_only": true}"#, json!(null));
    reads_calls(r#""functions""#, json!("{\"a\": 1}"));
    reads_calls(r#"{"kind": "json_functions", "strict": true}"#, args.clone());
    let named = json!({"name": "add", "arguments": {"a": 1}});
    reads_calls(r#"{"kind": "json_functions", "args_only": false}"#, named);
    reads_calls(r#"{"kind": "json_key_functions", "key_name": "a"}"#, json!(1));
}

#[test]
fn options_are_checked() {
    check_error(r#"{"parser": 1}"#, "parser: expected a parser kind, or an object with `kind`, got a number");
    check_error(r#"{"parser": {"kind": "str", "x": 1}}"#, "parser: unknown option `x`; known: kind");
    check_error(r#"{"parser": "enum"}"#, "parser: missing `values`");
    check_error(
        r#"{"parser": {"kind": "enum", "values": 5}}"#,
        "parser.values: expected a list, got a number",
    );
    check_error(
        r#"{"parser": {"kind": "combining", "parsers": ["json"]}}"#,
        "parser: a combining parser needs at least two parsers, got 1",
    );
    check_error(
        r#"{"parser": {"kind": "combining", "parsers": ["json", {"kind": "xml", "tag": "a"}]}}"#,
        "parser.parsers[1]: unknown option `tag`; known: kind, tags",
    );
    check_error(
        r#"{"parser": {"kind": "json_tools", "tools": {"f": {"if": {}}}}}"#,
        "parser.tools.f: unsupported schema of the tool `f`: its keyword `if` is not supported",
    );
    check_error(
        r##"{"parser": {"kind": "json_schema", "schema": {"$ref": "#/x"}}}"##,
        "parser.schema: unsupported schema: its `$ref` \"#/x\" cannot be resolved",
    );
    #[cfg(not(feature = "regex"))]
    check_error(
        r#"{"parser": {"kind": "regex", "regex": "x"}}"#,
        "parser: this parser requires the feature `regex` of catena-pipeline",
    );
}
