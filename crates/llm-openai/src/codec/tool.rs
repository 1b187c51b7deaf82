//! Tools and tool choices in wire format.

use catena_core::{Result, convert_to_openai_tool};
use serde_json::{Map, Value, json};

/// The extras of a tool that the service supports.
const EXTRAS: [&str; 2] = ["defer_loading", "async"];

/// Converts a tool to wire format. The service rejects a function whose schema is not an object or has no `properties`,
/// so a tool without arguments gets an empty object schema.
///
/// # Errors
/// `InvalidInput` for a malformed tool, and for one with a contradictory `strict`.
pub(crate) fn wire_tool(tool: &Value, strict: Option<bool>) -> Result<Value> {
    let mut tool = convert_to_openai_tool(tool, strict)?;
    if let Value::Object(members) = &mut tool
        && let Some(Value::Object(mut extras)) = members.remove("extras")
    {
        members.extend(EXTRAS.iter().filter_map(|name| Some(((*name).to_owned(), extras.remove(*name)?))));
    }
    let function = if tool.get("function").is_some() { tool.get_mut("function") } else { Some(&mut tool) };
    if let Some(Value::Object(function)) = function {
        let is_strict = function.get("strict").is_some_and(|strict| *strict == true);
        if let Some(Value::Object(schema)) = function.get_mut("parameters") {
            complete(schema, is_strict);
        }
    }
    Ok(tool)
}

fn complete(schema: &mut Map<String, Value>, strict: bool) {
    if ["$ref", "anyOf", "oneOf", "allOf"].iter().any(|elsewhere| schema.contains_key(*elsewhere)) {
        return;
    }
    if *schema.entry("type").or_insert_with(|| "object".into()) == "object" {
        if strict && !schema.contains_key("properties") {
            schema.entry("additionalProperties").or_insert(false.into());
        }
        schema.entry("properties").or_insert_with(|| json!({}));
    }
}

/// Converts a tool choice to wire format: a tool's name stands for that tool, `any` and true for `required`. `None` if
/// nothing is chosen.
pub(crate) fn wire_choice(choice: &Value, tools: &[Value]) -> Option<Value> {
    match choice {
        Value::Null | Value::Bool(false) => None,
        Value::String(word) if word.is_empty() => None,
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
        // A tool of the service is identified by its type.
        if tool["type"] == word {
            return json!({ "type": word });
        }
    }
    if word == "any" { "required".into() } else { word.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_without_arguments_has_the_schema_of_none() {
        let check = |schema: Value, strict: Option<bool>, expected: Value| {
            let function = json!({"name": "f", "parameters": schema});
            for tool in [function.clone(), json!({"type": "function", "function": function})] {
                let tool = match strict {
                    None => wire_tool(&tool, None),
                    Some(strict) => wire_tool(&function, Some(strict)),
                };
                assert_eq!(tool.expect("a tool")["function"]["parameters"], expected, "{schema}");
            }
        };
        let none = json!({"type": "object", "properties": {}});
        check(json!({}), None, none.clone());
        check(json!({"type": "object"}), None, none.clone());
        check(none.clone(), None, none);
        let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
        check(json!({"type": "object"}), Some(true), closed.clone());
        check(json!({}), Some(true), closed);
        for kept in [json!({"$ref": "#/$defs/A"}), json!({"type": "string"}), json!(null)] {
            check(kept.clone(), None, kept);
        }
        let flat =
            wire_tool(&json!({"type": "function", "name": "f", "parameters": {"type": "object"}}), None);
        assert_eq!(flat.expect("a tool")["parameters"]["properties"], json!({}));
        let own = json!({"type": "function", "function": {"name": "f", "strict": true,
            "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}});
        assert_eq!(wire_tool(&own, None).expect("a tool"), own);
        let bare = json!({"type": "function", "function": {"name": "f"}});
        assert_eq!(wire_tool(&bare, None).expect("a tool"), bare);
    }

    #[test]
    fn extras_that_the_service_knows_stand_beside_the_function() {
        let tool =
            json!({"name": "f", "extras": {"defer_loading": true, "cache_control": {"type": "ephemeral"}}});
        let wire = json!({"type": "function", "function": {"name": "f"}, "defer_loading": true});
        assert_eq!(wire_tool(&tool, None).expect("a tool"), wire);
        assert_eq!(wire_tool(&wire, None).expect("a tool"), wire);
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
