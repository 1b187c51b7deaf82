//! Tools as the wire wants them, from the forms in which applications have them.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

/// A tool in wire form.
///
/// Takes `{"name", "description", "parameters"}`, the same with `input_schema`, a JSON Schema with a title, and
/// `{"type": "custom", "name", ..}`; what is in wire form already is left as it is. `strict`: whether the service holds
/// the model to the schema; all objects in it are then closed.
///
/// # Errors
/// `InvalidInput` for what is no tool.
pub(crate) fn wire_tool(tool: &Value, strict: Option<bool>) -> Result<Value> {
    let Value::Object(members) = tool else { return Err(no_tool(tool)) };
    match members.get("type").and_then(Value::as_str) {
        Some("custom") if !members.contains_key("custom") => {
            let members = members.iter().filter(|(name, _)| *name != "type");
            let members: Map<_, _> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
            Ok(json!({ "type": "custom", "custom": members }))
        }
        // Tools of the service have types of their own; a schema has the type `object`.
        Some(kind) if kind != "object" => Ok(tool.clone()),
        _ => Ok(json!({ "type": "function", "function": function(members, strict)? })),
    }
}

/// `{"name", "description"?, "parameters"?, "strict"?}`, from a description of a function or a JSON Schema with a title.
///
/// # Errors
/// `InvalidInput` if there is no name.
pub(crate) fn function(members: &Map<String, Value>, strict: Option<bool>) -> Result<Map<String, Value>> {
    let mut function = if members.contains_key("name") { named(members) } else { titled(members)? };
    if let Some(strict) = strict {
        function.insert("strict".to_owned(), strict.into());
        if let (true, Some(parameters)) = (strict, function.get_mut("parameters")) {
            close_objects(parameters);
        }
    }
    Ok(function)
}

fn named(members: &Map<String, Value>) -> Map<String, Value> {
    let known = ["name", "description", "parameters", "strict"];
    let mut function: Map<_, _> =
        known.iter().filter_map(|name| Some(((*name).to_owned(), members.get(*name)?.clone()))).collect();
    if let Some(schema) = members.get("input_schema") {
        function.entry("parameters").or_insert_with(|| schema.clone());
    }
    function
}

fn titled(schema: &Map<String, Value>) -> Result<Map<String, Value>> {
    let Some(Value::String(title)) = schema.get("title") else { return Err(no_tool(&schema.clone().into())) };
    let mut parameters = schema.clone();
    parameters.remove("title");
    let description = parameters.remove("description");
    let mut function = Map::from_iter([("name".to_owned(), title.clone().into())]);
    function.extend(description.map(|description| ("description".to_owned(), description)));
    function.insert("parameters".to_owned(), parameters.into());
    Ok(function)
}

fn no_tool(tool: &Value) -> Error {
    let mut shown = tool.to_string();
    if let Some((end, _)) = shown.char_indices().nth(100) {
        shown.truncate(end);
    }
    let message = format!("a tool needs a `name`, or a `title` if it is a JSON Schema; `{shown}` has none");
    Error::new(ErrorKind::InvalidInput, message)
}

/// Sets `additionalProperties` to false in every object of a schema: strict mode asks for it.
pub(crate) fn close_objects(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    let object = members.get("type").is_some_and(|kind| {
        kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
    });
    if object || members.contains_key("properties") {
        members.insert("additionalProperties".to_owned(), false.into());
    }
    for (name, value) in members.iter_mut() {
        match (name.as_str(), value) {
            ("properties" | "$defs" | "definitions" | "patternProperties", Value::Object(schemas)) => {
                schemas.values_mut().for_each(close_objects);
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems" | "items", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(close_objects);
            }
            ("items", schema) => close_objects(schema),
            _ => {}
        }
    }
}

/// A choice among tools in wire form: the name of one of them stands for it, `any` and true for `required`. `None` if
/// nothing is chosen.
pub(crate) fn wire_choice(choice: &Value, tools: &[Value]) -> Option<Value> {
    match choice {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some("required".into()),
        Value::String(word) => Some(chosen(word, tools)),
        other => Some(other.clone()),
    }
}

fn chosen(word: &str, tools: &[Value]) -> Value {
    for tool in tools {
        for kind in ["function", "custom"] {
            if tool[kind]["name"] == word {
                return json!({ "type": kind, kind: { "name": word } });
            }
        }
        // A tool of the service is called by its type.
        if tool["type"] == word {
            return json!({ "type": word });
        }
    }
    if word == "any" { "required".into() } else { word.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tool: Value, strict: Option<bool>, expected: Value) {
        assert_eq!(wire_tool(&tool, strict).expect("a tool"), expected);
    }

    #[test]
    fn tools_have_one_form_on_the_wire() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        let wire =
            json!({"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}});
        check(json!({"name": "f", "description": "d", "parameters": schema}), None, wire.clone());
        check(json!({"name": "f", "description": "d", "input_schema": schema}), None, wire.clone());
        let mut titled = schema.clone();
        titled["title"] = "f".into();
        titled["description"] = "d".into();
        check(titled, None, wire.clone());
        check(wire.clone(), Some(true), wire);
        check(
            json!({"name": "f"}),
            Some(false),
            json!({"type": "function", "function": {"name": "f", "strict": false}}),
        );
        check(json!({"type": "web_search"}), None, json!({"type": "web_search"}));
        let custom = json!({"type": "custom", "custom": {"name": "c", "description": "d"}});
        check(json!({"type": "custom", "name": "c", "description": "d"}), None, custom.clone());
        check(custom.clone(), None, custom);
    }

    #[test]
    fn strict_closes_every_object() {
        let open = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {}}},
            "either": {"anyOf": [{"type": ["object", "null"]}, {"type": "string"}]},
            "properties": {"type": "string"},
        }, "$defs": {"D": {"properties": {"x": {}}}}});
        let mut closed = open.clone();
        close_objects(&mut closed);
        let mut expected = open;
        for at in ["", "/properties/list/items", "/properties/either/anyOf/0", "/$defs/D"] {
            expected.pointer_mut(at).expect(at)["additionalProperties"] = false.into();
        }
        assert_eq!(closed, expected);
    }

    #[test]
    fn what_is_no_tool_is_an_error() {
        for tool in [json!("f"), json!({}), json!({"description": "x".repeat(10_000)})] {
            let error = wire_tool(&tool, None).expect_err("no tool");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().len() < 300, "{error}");
        }
    }

    #[test]
    fn a_tool_is_chosen_by_name() {
        let tools = [
            json!({"type": "function", "function": {"name": "any"}}),
            json!({"type": "custom", "custom": {"name": "sql"}}),
            json!({"type": "web_search"}),
        ];
        for (choice, expected) in [
            (json!("any"), Some(json!({"type": "function", "function": {"name": "any"}}))),
            (json!("sql"), Some(json!({"type": "custom", "custom": {"name": "sql"}}))),
            (json!("web_search"), Some(json!({"type": "web_search"}))),
            (json!("none"), Some(json!("none"))),
            (json!("unknown"), Some(json!("unknown"))),
            (json!(true), Some(json!("required"))),
            (json!(false), None),
            (json!(null), None),
        ] {
            assert_eq!(wire_choice(&choice, &tools), expected, "{choice}");
        }
        assert_eq!(wire_choice(&json!("any"), &[]), Some(json!("required")));
    }
}
