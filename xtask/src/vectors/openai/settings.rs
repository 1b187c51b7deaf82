//! Settings of a call: tools and options bound to a model, and options given with the call.

use serde_json::{Map, Value};

/// The arguments to bind before a call.
pub(super) fn arguments(input: &Value) -> Map<String, Value> {
    let mut arguments = Map::new();
    if let Some(tools) = input.get("tools") {
        arguments.insert("tools".to_owned(), tools.clone());
    }
    for name in ["bind", "call"] {
        arguments.extend(input[name].as_object().cloned().unwrap_or_default());
    }
    arguments
}

/// Why the call cannot be made.
pub(super) fn lacks(input: &Value) -> Option<String> {
    if input.get("structured_output").is_some() {
        return Some("structured output is not run".to_owned());
    }
    let tools = input["tools"].as_array().into_iter().flatten();
    let derived = ["typed_function", "typed_schema"];
    let mut derived = tools.filter(|tool| derived.iter().any(|name| tool.get(name).is_some()));
    derived.next().map(|_| "tools are not derived from functions".to_owned())
}
