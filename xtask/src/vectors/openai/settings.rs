//! Settings of a call: tools and options bound to a model, and options given with the call.

use serde_json::{Map, Value};

/// The arguments to bind before a call.
pub(super) fn arguments(input: &Value) -> Map<String, Value> {
    let mut arguments = Map::new();
    if let Some(tools) = input.get("tools") {
        let tools = tools.as_array().into_iter().flatten().map(tool);
        arguments.insert("tools".to_owned(), tools.collect());
    }
    for name in ["bind", "call"] {
        arguments.extend(input[name].as_object().cloned().unwrap_or_default());
    }
    arguments
}

/// The members of a configuration that are set. `extra_body` is the last: it is merged into the complete body.
pub(super) fn members(config: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let members = || config.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let is_last = |name: &String| name == "extra_body";
    let first = members().filter(move |(name, _)| !is_last(name));
    first.chain(members().filter(move |(name, _)| is_last(name)))
}

/// A tool in a form that the model takes.
pub(super) fn tool(tool: &Value) -> Value {
    match tool.get("custom_tool") {
        Some(Value::Object(members)) => {
            let kind = ("type".to_owned(), "custom".into());
            members.clone().into_iter().chain([kind]).collect::<Map<_, _>>().into()
        }
        _ => tool.clone(),
    }
}

pub(super) fn count(value: &Value) -> u32 {
    value.as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_default()
}

/// A list of texts, or one text.
pub(super) fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        Value::Object(names) => names.keys().cloned().collect(),
        Value::String(name) => vec![name.clone()],
        _ => Vec::new(),
    }
}

/// Ids of tokens with what is added to them.
pub(super) fn bias(value: &Value) -> Vec<(u32, i32)> {
    let members = value.as_object().into_iter().flatten();
    let bias = |value: &Value| value.as_f64().unwrap_or_default() as i32;
    members.filter_map(|(token, value)| Some((token.parse().ok()?, bias(value)))).collect()
}

/// Why the call cannot be made.
pub(super) fn lacks(input: &Value) -> Option<String> {
    let tools = input["tools"].as_array().into_iter().flatten();
    let derived = ["typed_function", "typed_schema"];
    let mut derived = tools.filter(|tool| derived.iter().any(|name| tool.get(name).is_some()));
    derived.next().map(|_| "tools are not derived from functions".to_owned())
}
