//! Tools that a model may call.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

/// The extras of a tool that the service supports.
const EXTRAS: [&str; 5] =
    ["allowed_callers", "cache_control", "defer_loading", "eager_input_streaming", "input_examples"];

/// Converts a tool to wire format. Accepts `{"type": "function", "function": {..}}`,
/// `{"name", "description", "parameters"}`, a JSON Schema with a title, and the service's own form; `strict` makes the
/// model adhere to the schema.
///
/// # Errors
/// `InvalidInput` for a malformed tool, `Unsupported` for tools of other services.
pub(super) fn wire_tool(tool: &Value, strict: Option<bool>) -> Result<Value> {
    let Value::Object(members) = tool else { return Err(no_tool(tool)) };
    let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
    match members.get("function") {
        Some(Value::Object(function)) => {
            let mut wire = define(function, tool, strict)?;
            // Service-specific members are next to the function.
            wire.extend(extras(members));
            let known =
                |name: &str| matches!(name, "type" | "function" | "extras") || wire.contains_key(name);
            let more: Vec<_> = members.iter().filter(|(name, _)| !known(name)).collect();
            wire.extend(more.into_iter().map(|(name, value)| (name.clone(), value.clone())));
            Ok(wire.into())
        }
        _ if members.contains_key("input_schema") => Ok(tool.clone()),
        _ if members.contains_key("custom") => {
            let message =
                "this model does not support tools with free-form text input: give the tool a schema";
            Err(Error::new(ErrorKind::Unsupported, message))
        }
        _ if matches!(kind, "" | "object" | "function") => {
            Ok(define(members, tool, strict)?.into_iter().chain(extras(members)).collect())
        }
        _ => Ok(tool.clone()),
    }
}

/// Returns the service-specific members of a tool definition.
fn extras(members: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    let extras = members.get("extras").and_then(Value::as_object).into_iter().flatten();
    let known = extras.filter(|(name, _)| EXTRAS.contains(&name.as_str()));
    known.map(|(name, value)| (name.clone(), value.clone()))
}

/// Builds `{"name", "description", "input_schema", "strict"}` from a function or a schema with a title.
fn define(function: &Map<String, Value>, tool: &Value, strict: Option<bool>) -> Result<Map<String, Value>> {
    let text =
        |name: &str| function.get(name).filter(|text| text.as_str().is_some_and(|text| !text.is_empty()));
    let (name, schema) = match text("name") {
        Some(name) => (name, function.get("parameters").cloned().unwrap_or_else(|| json!({}))),
        None => match text("title") {
            Some(title) => (title, without_title(function)),
            None => return Err(no_tool(tool)),
        },
    };
    let mut schema = match schema {
        Value::Object(schema) => schema,
        Value::Null => Map::new(),
        _ => return Err(no_tool(tool)),
    };
    schema.entry("type").or_insert_with(|| "object".into());
    schema.entry("properties").or_insert_with(|| json!({}));
    let mut schema = Value::Object(schema);
    let own = function.get("strict").and_then(Value::as_bool);
    if own.is_some() && strict.is_some() && own != strict {
        let message = format!(
            "the `strict` of the tool {:.100} contradicts the `strict` it is bound with",
            name.to_string()
        );
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    let strict = own.or(strict).unwrap_or(false);
    let mut wire = Map::new();
    if strict {
        close_objects(&mut schema);
        wire.insert("strict".to_owned(), true.into());
    }
    wire.insert("name".to_owned(), name.clone());
    wire.extend(text("description").map(|text| ("description".to_owned(), text.clone())));
    wire.extend(function.get("cache_control").map(|mark| ("cache_control".to_owned(), mark.clone())));
    wire.insert("input_schema".to_owned(), schema);
    Ok(wire)
}

fn without_title(schema: &Map<String, Value>) -> Value {
    let kept = schema.iter().filter(|(name, _)| !matches!(name.as_str(), "title" | "description" | "strict"));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

fn no_tool(tool: &Value) -> Error {
    let message = format!(
        "invalid tool {:.100}: expected an object with a `name` and `parameters`, or a JSON Schema with a `title`",
        tool.to_string()
    );
    Error::new(ErrorKind::InvalidInput, message)
}

/// Disallows additional properties in all objects of a schema, which the service requires if it enforces the schema.
pub(super) fn close_objects(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let kind = members.get("type");
            let is = |kind: &Value| kind == "object";
            let listed = |kind: &Value| kind.as_array().is_some_and(|kinds| kinds.iter().any(is));
            if kind.is_some_and(|kind| is(kind) || listed(kind)) {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            for (name, value) in members.iter_mut() {
                match (name.as_str(), value) {
                    // Here the keys are names of properties, not schema keywords.
                    ("properties" | "$defs" | "definitions", Value::Object(named)) => {
                        named.values_mut().for_each(close_objects);
                    }
                    ("items" | "anyOf" | "oneOf" | "allOf", value) => close_objects(value),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close_objects),
        _ => {}
    }
}

/// Converts a tool choice to wire format; `None` if the model chooses by default. `parallel`: whether the model may
/// call several tools at once.
pub(super) fn wire_choice(choice: &Value, parallel: Option<bool>, tools: &[Value]) -> Option<Value> {
    let named = |name: &Value| Some(json!({ "type": "tool", "name": name }));
    let mut wire = match choice {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(json!({ "type": "any" })),
        Value::String(word) if tools.iter().any(|tool| tool["name"] == **word) => named(choice),
        Value::String(word) => match word.as_str() {
            "auto" | "none" => Some(json!({ "type": word })),
            "any" | "required" => Some(json!({ "type": "any" })),
            _ => named(choice),
        },
        Value::Object(members) => match (&choice["type"], members.get("function")) {
            (_, Some(function)) => named(&function["name"]),
            (kind, None) if kind == "function" => named(&choice["name"]),
            _ => Some(choice.clone()),
        },
        other => Some(other.clone()),
    };
    if parallel == Some(false) && !tools.is_empty() && wire.as_ref().is_none_or(|wire| wire["type"] != "none")
    {
        let wire = wire.get_or_insert_with(|| json!({ "type": "auto" }));
        if let Value::Object(members) = wire {
            members.insert("disable_parallel_tool_use".to_owned(), true.into());
        }
    }
    wire.filter(|_| !tools.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_have_one_form_on_the_wire() {
        let check = |tool: Value, strict: Option<bool>, expected: Value| {
            assert_eq!(wire_tool(&tool, strict).expect("a tool"), expected, "{tool}");
        };
        let schema = json!({"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]});
        let wire = json!({"name": "f", "description": "d", "input_schema": schema});
        let flat = json!({"name": "f", "description": "d", "parameters": schema});
        check(flat.clone(), None, wire.clone());
        check(json!({"type": "function", "function": flat}), None, wire.clone());
        let mut titled = schema.clone();
        (titled["title"], titled["description"]) = ("f".into(), "d".into());
        check(titled, Some(false), wire.clone());
        check(wire.clone(), Some(true), wire.clone());
        let mut strict = wire.clone();
        strict["strict"] = true.into();
        strict["input_schema"]["additionalProperties"] = false.into();
        check(flat.clone(), Some(true), strict.clone());
        let mut wants = flat.clone();
        wants["strict"] = true.into();
        check(wants, None, strict);
        let marked =
            json!({"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}});
        let empty = json!({"type": "object", "properties": {}});
        let expected = json!({"name": "f", "input_schema": empty, "cache_control": {"type": "ephemeral"}});
        check(marked, None, expected.clone());
        let extras = json!({"cache_control": {"type": "ephemeral"}, "async": true});
        for tool in [
            json!({"type": "function", "function": {"name": "f"}, "extras": extras}),
            json!({"name": "f", "extras": extras}),
        ] {
            check(tool, None, expected.clone());
        }
        let search = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 2});
        check(search.clone(), Some(true), search);
    }

    #[test]
    fn what_is_no_tool_is_an_error() {
        for (tool, kind) in [
            (json!("f"), ErrorKind::InvalidInput),
            (json!({}), ErrorKind::InvalidInput),
            (json!({"name": "f", "parameters": [1]}), ErrorKind::InvalidInput),
            (json!({"name": "f", "strict": false}), ErrorKind::InvalidInput),
            (json!({"description": "x".repeat(10_000)}), ErrorKind::InvalidInput),
            (json!({"type": "custom", "custom": {"name": "f"}}), ErrorKind::Unsupported),
        ] {
            let error = wire_tool(&tool, Some(true)).expect_err("no tool");
            assert_eq!(error.kind(), kind);
            assert!(error.to_string().len() < 300, "{error}");
        }
    }

    #[test]
    fn strict_closes_every_object() {
        let open = json!({"type": "object", "properties": {
            "list": {"type": "array", "items": {"type": "object", "properties": {}}},
            "either": {"anyOf": [{"type": ["object", "null"]}, {"type": "string"}]},
            "type": {"type": "string", "enum": ["object"]},
        }, "$defs": {"D": {"type": "object", "properties": {"x": {}}}}});
        let mut closed = open.clone();
        close_objects(&mut closed);
        let mut expected = open;
        for at in ["", "/properties/list/items", "/properties/either/anyOf/0", "/$defs/D"] {
            expected.pointer_mut(at).expect(at)["additionalProperties"] = false.into();
        }
        assert_eq!(closed, expected);
    }

    #[test]
    fn a_tool_is_chosen_by_name() {
        let tools = [json!({"name": "any"}), json!({"name": "sql"})];
        let tool = |name: &str| Some(json!({"type": "tool", "name": name}));
        for (choice, expected) in [
            (json!("any"), tool("any")),
            (json!("sql"), tool("sql")),
            (json!("unknown"), tool("unknown")),
            (json!({"type": "function", "function": {"name": "sql"}}), tool("sql")),
            (json!({"type": "function", "name": "sql"}), tool("sql")),
            (json!({"type": "tool", "name": "sql"}), tool("sql")),
            (json!("required"), Some(json!({"type": "any"}))),
            (json!(true), Some(json!({"type": "any"}))),
            (json!("auto"), Some(json!({"type": "auto"}))),
            (json!("none"), Some(json!({"type": "none"}))),
            (json!(false), None),
            (json!(null), None),
        ] {
            assert_eq!(wire_choice(&choice, Some(true), &tools), expected, "{choice}");
            assert_eq!(wire_choice(&choice, None, &[]), None, "without tools there is nothing to choose");
        }
        let alone = json!({"type": "auto", "disable_parallel_tool_use": true});
        assert_eq!(wire_choice(&Value::Null, Some(false), &tools), Some(alone));
        let alone = json!({"type": "tool", "name": "sql", "disable_parallel_tool_use": true});
        assert_eq!(wire_choice(&json!("sql"), Some(false), &tools), Some(alone));
        assert_eq!(wire_choice(&json!("none"), Some(false), &tools), Some(json!({"type": "none"})));
    }
}
