//! Tools of requests.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::schema::subset;

/// Tools in wire format.
#[derive(Debug, Default)]
pub(super) struct Tools {
    /// The application's functions.
    pub(super) declarations: Vec<Value>,
    /// Tools that the service runs, and other tools in its own form.
    pub(super) native: Vec<Value>,
    /// Whether calls must conform to the schemas.
    pub(super) strict: bool,
}

impl Tools {
    /// Parses tools: OpenAI's form, a tool definition, a JSON Schema with a title, or the service's own form.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed tool, `Unsupported` for tools of other services.
    pub(super) fn read(tools: &Value, schema_subset: bool) -> Result<Self> {
        let Value::Array(list) = tools else {
            return Err(invalid("`tools` must be an array".to_owned()));
        };
        let mut read = Self::default();
        for (at, tool) in list.iter().enumerate() {
            read.add(at, tool, schema_subset)?;
        }
        Ok(read)
    }

    fn add(&mut self, at: usize, tool: &Value, schema_subset: bool) -> Result<()> {
        let Value::Object(members) = tool else {
            return Err(invalid(format!("tools[{at}] is not an object")));
        };
        let kind = members.get("type").and_then(Value::as_str);
        match (kind, members.get("function")) {
            (None | Some("function"), Some(Value::Object(function))) => {
                return self.declare(at, function, schema_subset);
            }
            // OpenAI's Responses API puts the name next to the type.
            (Some("function"), None) if members.contains_key("name") => {
                return self.declare(at, members, schema_subset);
            }
            _ => {}
        }
        if let Some(Value::Array(declarations)) =
            members.get("functionDeclarations").or_else(|| members.get("function_declarations"))
        {
            self.declarations.extend(declarations.iter().cloned());
            let mut rest = members.clone();
            rest.retain(|name, _| !matches!(name.as_str(), "functionDeclarations" | "function_declarations"));
            if !rest.is_empty() {
                self.native.push(rest.into());
            }
            return Ok(());
        }
        if members.contains_key("name") && kind.is_none() {
            return self.declare(at, members, schema_subset);
        }
        if let (Some(Value::String(title)), true) = (members.get("title"), is_schema(members)) {
            let mut schema = members.clone();
            let description = schema.remove("description");
            schema.remove("title");
            let function = json!({ "name": title, "description": description, "parameters": schema });
            return function.as_object().map_or(Ok(()), |function| self.declare(at, function, schema_subset));
        }
        match kind {
            Some(kind) => {
                let message = format!("tools[{at}] has the unsupported type `{kind:.60}`");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
            None if members.is_empty() => Err(invalid(format!("tools[{at}] is empty"))),
            None => {
                self.native.push(tool.clone());
                Ok(())
            }
        }
    }

    fn declare(&mut self, at: usize, function: &Map<String, Value>, schema_subset: bool) -> Result<()> {
        let name = function.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| invalid(format!("tools[{at}] has no name")))?;
        let mut declaration = Map::from_iter([("name".to_owned(), name.into())]);
        for (name, value) in function {
            match name.as_str() {
                "name" | "type" | "extras" => {}
                "strict" => self.strict |= *value == true,
                "parameters" if !has_parameters(value) => {}
                "parameters" if is_native_schema(value) => {
                    declaration.insert(name.clone(), value.clone());
                }
                "parameters" if schema_subset => {
                    let message =
                        |error: Error| Error::new(error.kind(), format!("tools[{at}].parameters: {error}"));
                    declaration.insert(name.clone(), subset(value).map_err(message)?);
                }
                "parameters" => {
                    declaration.insert("parametersJsonSchema".to_owned(), value.clone());
                }
                _ if value.is_null() => {}
                _ => {
                    declaration.insert(name.clone(), value.clone());
                }
            }
        }
        self.declarations.push(declaration.into());
        Ok(())
    }

    /// Returns the names of the functions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.declarations.iter().filter_map(|declaration| declaration["name"].as_str())
    }

    /// Returns the request's member `tools`; `None` without any.
    pub(super) fn into_wire(self) -> Option<Value> {
        let mut tools = self.native;
        if !self.declarations.is_empty() {
            tools.insert(0, json!({ "functionDeclarations": self.declarations }));
        }
        (!tools.is_empty()).then(|| tools.into())
    }
}

/// Returns false for a function without parameters, whose schema the service expects to be omitted.
fn has_parameters(schema: &Value) -> bool {
    let Value::Object(members) = schema else { return false };
    let is_object = members.get("type").is_none_or(|kind| kind == "object" || kind == "OBJECT");
    let none =
        members.get("properties").is_none_or(|properties| properties.as_object().is_some_and(Map::is_empty));
    let others = ["$ref", "anyOf", "oneOf", "allOf"].iter().any(|name| members.contains_key(*name));
    !(is_object && none) || others
}

/// Returns true for a schema in the service's own form, whose type names are upper-case.
fn is_native_schema(schema: &Value) -> bool {
    schema["type"] == "OBJECT"
}

fn is_schema(members: &Map<String, Value>) -> bool {
    members.get("type").is_some_and(|kind| kind == "object") || members.contains_key("properties")
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tools: Value, schema_subset: bool, expected: Value) {
        let read = Tools::read(&tools, schema_subset).expect("tools");
        assert_eq!(read.into_wire().unwrap_or_default(), expected, "{tools}");
    }

    #[test]
    fn tools_in_every_form_are_functions() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let function = json!({"name": "f", "description": "d", "parameters": schema});
        let expected = json!([{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": schema}]}]);
        check(json!([{"type": "function", "function": function}]), false, expected.clone());
        check(json!([function]), false, expected.clone());
        let mut extra = function.clone();
        extra["extras"] = json!({"defer_loading": true});
        check(json!([extra]), false, expected.clone());
        let mut flat = function.clone();
        flat["type"] = "function".into();
        check(json!([flat]), false, expected.clone());
        let mut titled = schema.clone();
        (titled["title"], titled["description"]) = ("f".into(), "d".into());
        check(json!([titled]), false, expected);
        check(
            json!([function]),
            true,
            json!([{"functionDeclarations": [{"name": "f", "description": "d",
                "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}}]}]),
        );
    }

    #[test]
    fn functions_share_a_tool_and_native_tools_pass() {
        check(
            json!([
                {"name": "f", "parameters": {"type": "object", "properties": {}}, "description": null},
                {"googleSearch": {}},
                {"functionDeclarations": [{"name": "g"}], "codeExecution": {}},
                {"name": "h", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}},
            ]),
            false,
            json!([
                {"functionDeclarations": [{"name": "f"}, {"name": "g"},
                    {"name": "h", "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}}]},
                {"googleSearch": {}}, {"codeExecution": {}},
            ]),
        );
        check(json!([]), false, Value::Null);
    }

    #[test]
    fn what_is_no_tool_is_an_error() {
        for (tools, kind, part) in [
            (json!({}), ErrorKind::InvalidInput, "an array"),
            (json!([{"name": "f"}, 1]), ErrorKind::InvalidInput, "tools[1]"),
            (json!([{}]), ErrorKind::InvalidInput, "empty"),
            (json!([{"type": "function", "function": {}}]), ErrorKind::InvalidInput, "no name"),
            (json!([{"type": "web_search"}]), ErrorKind::Unsupported, "web_search"),
        ] {
            let error = Tools::read(&tools, false).expect_err("an error");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
        let odd = json!([{"name": "f", "parameters": {"type": "object", "properties": {"a": {"not": {}}}}}]);
        let error = Tools::read(&odd, true).expect_err("an error").to_string();
        assert!(error.contains("tools[0]") && error.contains("#/properties/a"), "{error}");
    }
}
