//! Tools and tool choices, converted from the format of chat completions.

use serde_json::{Map, Value};

use super::item::object;

/// Converts the tools of a request. `stream`: the answer is streamed.
pub(super) fn tools(tools: Value, stream: bool) -> Value {
    match tools {
        Value::Array(tools) => tools.into_iter().map(|tool| self::tool(tool, stream)).collect(),
        other => other,
    }
}

fn tool(tool: Value, stream: bool) -> Value {
    let Value::Object(mut tool) = flat(tool) else { return Value::Null };
    // Without this the service refuses to stream images.
    if stream && tool.get("type").is_some_and(|kind| kind == "image_generation") {
        tool.entry("partial_images").or_insert_with(|| 1.into());
    }
    tool.into()
}

/// Flattens `{"type": "function", "function": {..}}` to `{"type": "function", ..}`; likewise for custom tools.
fn flat(tool: Value) -> Value {
    let Value::Object(mut tool) = tool else { return tool };
    let kind = tool.get("type").and_then(Value::as_str).filter(|kind| matches!(*kind, "function" | "custom"));
    let Some(kind) = kind.map(str::to_owned) else { return tool.into() };
    if let Some(Value::Object(inner)) = tool.get_mut(&kind).map(Value::take) {
        tool.remove(&kind);
        let beside = std::mem::replace(&mut tool, inner);
        tool.extend(beside);
    }
    tool.into()
}

/// Converts a tool choice.
pub(super) fn tool_choice(choice: Value) -> Value {
    match flat(choice) {
        Value::Object(mut choice) if choice.get("type").is_some_and(|kind| kind == "allowed_tools") => {
            match choice.remove("allowed_tools") {
                Some(Value::Object(allowed)) => allowed_tools(allowed),
                _ => choice.into(),
            }
        }
        choice => choice,
    }
}

fn allowed_tools(mut allowed: Map<String, Value>) -> Value {
    if let Some(Value::Array(tools)) = allowed.get_mut("tools") {
        tools.iter_mut().for_each(|tool| *tool = flat(tool.take()));
    }
    allowed.extend(object([("type", "allowed_tools".into())]));
    allowed.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn functions_are_flattened() {
        for (tool, stream, expected) in [
            (
                json!({"type": "function", "function": {"name": "f", "parameters": {}, "strict": true}, "async": true}),
                false,
                json!({"type": "function", "name": "f", "parameters": {}, "strict": true, "async": true}),
            ),
            (
                json!({"type": "custom", "custom": {"name": "f"}}),
                false,
                json!({"type": "custom", "name": "f"}),
            ),
            (json!({"type": "function", "name": "f"}), false, json!({"type": "function", "name": "f"})),
            (
                json!({"type": "image_generation"}),
                true,
                json!({"type": "image_generation", "partial_images": 1}),
            ),
            (json!({"type": "image_generation"}), false, json!({"type": "image_generation"})),
            (
                json!({"type": "image_generation", "partial_images": 0}),
                true,
                json!({"type": "image_generation", "partial_images": 0}),
            ),
        ] {
            assert_eq!(tools(json!([tool]), stream), json!([expected]));
        }
    }

    #[test]
    fn choices_are_flattened() {
        for (choice, expected) in [
            (json!("required"), json!("required")),
            (
                json!({"type": "function", "function": {"name": "f"}}),
                json!({"type": "function", "name": "f"}),
            ),
            (json!({"type": "custom", "custom": {"name": "f"}}), json!({"type": "custom", "name": "f"})),
            (json!({"type": "web_search"}), json!({"type": "web_search"})),
            (
                json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto",
                    "tools": [{"type": "function", "function": {"name": "f"}}]}}),
                json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}),
            ),
        ] {
            assert_eq!(tool_choice(choice), expected);
        }
    }
}
