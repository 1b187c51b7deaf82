//! Converts tools and response formats to wire format.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::bounded;
use serde_json::{Map, Value, json};

use crate::parameters::unsupported;

/// Converts a list of tools to wire format; null if there are none.
///
/// # Errors
/// `InvalidInput` for a malformed tool, `Unsupported` for one that is not a function or is strict.
pub(crate) fn wire_tools(tools: &Value) -> Result<Value> {
    match tools {
        Value::Null => Ok(Value::Null),
        Value::Array(tools) if tools.is_empty() => Ok(Value::Null),
        Value::Array(tools) => tools.iter().map(wire_tool).collect(),
        _ => Err(Error::new(ErrorKind::InvalidInput, "`tools` must be an array of tools")),
    }
}

/// Accepts `{"type": "function", "function": {"name", "description", "parameters"}}`, the inner object alone, the same
/// with `input_schema`, and a JSON Schema with a title.
fn wire_tool(tool: &Value) -> Result<Value> {
    let Value::Object(members) = tool else { return Err(no_tool(tool)) };
    let function = match (members.get("type").and_then(Value::as_str), members.get("function")) {
        (Some("function"), Some(Value::Object(function))) => function,
        (Some("function" | "object") | None, _) => members,
        (Some(kind), _) => {
            return Err(unsupported(&format!("call tools of type `{}`", bounded(kind, 100))));
        }
    };
    let mut function = if function.contains_key("name") { function.clone() } else { titled(function, tool)? };
    function.retain(|name, _| name != "type" && name != "extras");
    if function.remove("strict") == Some(true.into()) {
        return Err(unsupported("enforce the schemas of tools (`strict`)"));
    }
    if let Some(schema) = function.remove("input_schema") {
        function.entry("parameters").or_insert(schema);
    }
    Ok(json!({ "type": "function", "function": function }))
}

fn titled(schema: &Map<String, Value>, tool: &Value) -> Result<Map<String, Value>> {
    let mut parameters = schema.clone();
    let Some(Value::String(title)) = parameters.remove("title") else { return Err(no_tool(tool)) };
    let mut function = Map::from_iter([("name".to_owned(), title.into())]);
    function.extend(parameters.remove("description").map(|text| ("description".to_owned(), text)));
    function.insert("parameters".to_owned(), parameters.into());
    Ok(function)
}

fn no_tool(tool: &Value) -> Error {
    let shown = bounded(&tool.to_string(), 100);
    let message = format!("invalid tool `{shown}`: a tool requires a `name`, a JSON Schema a `title`");
    Error::new(ErrorKind::InvalidInput, message)
}

/// Converts a `response_format` to `format`: `"json"`, a JSON Schema, or null for plain text.
///
/// # Errors
/// `Unsupported` for an unknown type, `InvalidInput` for a format without a schema.
pub(crate) fn wire_format(format: &Value) -> Result<Value> {
    let Value::Object(members) = format else {
        return Ok(format.clone());
    };
    let schema = match members.get("type").and_then(Value::as_str) {
        Some("text") => return Ok(Value::Null),
        Some("json_object") => return Ok("json".into()),
        Some("json_schema") => members.get("json_schema").and_then(|inner| inner.get("schema")),
        _ if members.contains_key("name") && members.contains_key("schema") => members.get("schema"),
        // A plain schema.
        _ if ["type", "properties", "anyOf", "$ref", "enum"]
            .iter()
            .any(|name| members.contains_key(*name)) =>
        {
            Some(format)
        }
        _ => None,
    };
    schema.cloned().ok_or_else(|| {
        let message = "invalid `response_format`: expected `{\"type\": \"json_schema\", \"json_schema\": {\"name\", \"schema\"}}`, \
                       `{\"type\": \"json_object\"}` or a JSON Schema";
        Error::new(ErrorKind::InvalidInput, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_have_one_form_on_the_wire() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
        let wire = json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}]);
        let mut titled = schema.clone();
        titled["title"] = "f".into();
        titled["description"] = "d".into();
        for tool in [
            wire[0].clone(),
            json!({"name": "f", "description": "d", "parameters": schema, "extras": {"async": true}}),
            json!({"name": "f", "description": "d", "input_schema": schema}),
            json!({"type": "function", "name": "f", "description": "d", "parameters": schema, "strict": false}),
            titled,
        ] {
            assert_eq!(wire_tools(&json!([tool])).expect("tools"), wire, "{tool}");
        }
        assert_eq!(wire_tools(&json!([])).expect("none"), Value::Null);
    }

    #[test]
    fn what_is_no_tool_is_an_error() {
        for (tool, kind) in [
            (json!("f"), ErrorKind::InvalidInput),
            (json!({}), ErrorKind::InvalidInput),
            (json!({"description": "x".repeat(10_000)}), ErrorKind::InvalidInput),
            (json!({"type": "web_search"}), ErrorKind::Unsupported),
            (json!({"type": "function", "function": {"name": "f", "strict": true}}), ErrorKind::Unsupported),
        ] {
            let error = wire_tools(&json!([tool])).expect_err("no tool");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().len() < 300, "{error}");
        }
    }

    #[test]
    fn formats_have_one_form_on_the_wire() {
        let schema = json!({"type": "object", "properties": {}});
        for (format, wire) in [
            (json!("json"), json!("json")),
            (json!({"type": "text"}), json!(null)),
            (json!({"type": "json_object"}), json!("json")),
            (json!({"name": "P", "schema": schema}), schema.clone()),
            (json!({"type": "json_schema", "json_schema": {"name": "P", "schema": schema}}), schema.clone()),
            (schema.clone(), schema),
        ] {
            assert_eq!(wire_format(&format).expect("a format"), wire, "{format}");
        }
        for format in [json!({}), json!({"type": "json_schema"})] {
            assert_eq!(wire_format(&format).expect_err("no form").kind(), ErrorKind::InvalidInput);
        }
    }
}
