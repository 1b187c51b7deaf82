//! Tools in OpenAI's format, which bound arguments use.

use serde_json::{Map, Value, json};

use super::schema::close_objects;
use crate::{Error, ErrorKind, Result};

/// Converts a tool to OpenAI's format: `{"type": "function", "function": {"name", "description"?, "parameters"?}}`.
///
/// Accepts `{"name", "description", "parameters"}`, the same with `input_schema`, Amazon Bedrock's `toolSpec`, and a
/// JSON Schema with a title. A tool already in OpenAI's format, and a built-in tool of the service, is returned
/// unchanged. `extras`, of which each service reads those it knows, are placed next to the function.
///
/// `strict` sets whether the service enforces the schema; if `true`, all objects in it are closed and all their
/// properties required.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if the value is not a tool, or if its own `strict` contradicts the given one.
///
/// # Example
/// ```
/// use catena_core::convert_to_openai_tool;
/// use serde_json::json;
/// let schema = json!({"title": "Add", "description": "Adds.", "type": "object", "properties": {"a": {"type": "integer"}}});
/// let tool = convert_to_openai_tool(&schema, None)?;
/// assert_eq!(tool["function"]["name"], "Add");
/// assert_eq!(tool["function"]["parameters"]["properties"]["a"]["type"], "integer");
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn convert_to_openai_tool(tool: &Value, strict: Option<bool>) -> Result<Value> {
    let Value::Object(members) = tool else { return Err(no_tool(tool)) };
    match members.get("type").and_then(Value::as_str) {
        Some("custom") if !members.contains_key("custom") => {
            let members = members.iter().filter(|(name, _)| *name != "type");
            let members: Map<_, _> = members.map(|(name, value)| (name.clone(), value.clone())).collect();
            Ok(json!({ "type": "custom", "custom": members }))
        }
        // Built-in tools of the service have their own types; a schema has the type `object`.
        Some(kind) if kind != "object" => Ok(tool.clone()),
        _ => {
            let mut wire =
                json!({ "type": "function", "function": convert_to_openai_function(tool, strict)? });
            if let Some(extras) = members.get("extras").filter(|extras| extras.is_object()) {
                wire["extras"] = extras.clone();
            }
            Ok(wire)
        }
    }
}

/// Converts a function definition or a JSON Schema with a title to `{"name", "description"?, "parameters"?,
/// "strict"?}`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if there is no name, or if its own `strict` contradicts the given one.
///
/// # Example
/// ```
/// use catena_core::convert_to_openai_function;
/// use serde_json::json;
/// let function = convert_to_openai_function(&json!({"name": "f", "input_schema": {"type": "object"}}), Some(true))?;
/// let closed = json!({"type": "object", "additionalProperties": false});
/// assert_eq!(function, json!({"name": "f", "parameters": closed, "strict": true}));
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn convert_to_openai_function(tool: &Value, strict: Option<bool>) -> Result<Value> {
    let Value::Object(members) = tool else { return Err(no_tool(tool)) };
    let mut function = match members.get("toolSpec") {
        Some(Value::Object(spec)) if spec.contains_key("name") => specified(spec),
        _ if members.contains_key("name") => named(members),
        _ => titled(members)?,
    };
    if let Some(strict) = strict {
        if let Some(own) = function.get("strict").filter(|own| **own != strict) {
            return Err(contradiction(&function["name"], own, strict));
        }
        function.insert("strict".to_owned(), strict.into());
        if let (true, Some(parameters)) = (strict, function.get_mut("parameters")) {
            close_objects(parameters);
        }
    }
    Ok(function.into())
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

/// Converts a tool in Amazon Bedrock's format.
fn specified(spec: &Map<String, Value>) -> Map<String, Value> {
    let mut function = named(spec);
    function.extend(
        spec.get("inputSchema").and_then(|input| Some(("parameters".to_owned(), input.get("json")?.clone()))),
    );
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

fn contradiction(name: &Value, own: &Value, strict: bool) -> Error {
    let message = format!(
        "the tool {:.100} has `strict: {own:.10}`, but is bound with `strict: {strict}`",
        name.to_string()
    );
    Error::new(ErrorKind::InvalidInput, message)
}

fn no_tool(tool: &Value) -> Error {
    let mut shown = tool.to_string();
    if let Some((end, _)) = shown.char_indices().nth(100) {
        shown.truncate(end);
        shown.push('…');
    }
    let message = format!("invalid tool {shown}: a tool requires a `name`, a JSON Schema a `title`");
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tool: Value, strict: Option<bool>, expected: Value) {
        assert_eq!(convert_to_openai_tool(&tool, strict).expect("a tool"), expected);
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
        check(wire.clone(), Some(true), wire.clone());
        let (open, closed) = (
            json!({"properties": {"a": {}}}),
            json!({"properties": {"a": {}}, "required": ["a"], "additionalProperties": false}),
        );
        let strict =
            json!({"type": "function", "function": {"name": "f", "parameters": closed, "strict": true}});
        check(json!({"name": "f", "parameters": open}), Some(true), strict.clone());
        check(json!({"name": "f", "parameters": open, "strict": true}), Some(true), strict.clone());
        check(json!({"toolSpec": {"name": "f", "inputSchema": {"json": open}}}), Some(true), strict);
        check(
            json!({"name": "f"}),
            Some(false),
            json!({"type": "function", "function": {"name": "f", "strict": false}}),
        );
        check(
            json!({"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": schema}}}),
            None,
            wire.clone(),
        );
        let mut extra = wire.clone();
        extra["extras"] = json!({"defer_loading": true});
        let extras = json!({"defer_loading": true});
        check(json!({"name": "f", "description": "d", "parameters": schema, "extras": extras}), None, extra);
        check(json!({"type": "web_search"}), None, json!({"type": "web_search"}));
        let custom = json!({"type": "custom", "custom": {"name": "c", "description": "d"}});
        check(json!({"type": "custom", "name": "c", "description": "d"}), None, custom.clone());
        check(custom.clone(), None, custom);
    }

    #[test]
    fn what_is_no_tool_is_an_error() {
        for (tool, strict) in [
            (json!("f"), None),
            (json!({}), None),
            (json!({"description": "x".repeat(10_000)}), None),
            (json!({"toolSpec": {"inputSchema": {"json": {}}}}), None),
            (json!({"name": "f".repeat(10_000), "strict": false}), Some(true)),
            (json!({"name": "f", "strict": true}), Some(false)),
        ] {
            let error = convert_to_openai_tool(&tool, strict).expect_err("no tool");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().len() < 300, "{error}");
        }
    }
}
