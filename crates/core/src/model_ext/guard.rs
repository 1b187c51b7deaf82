//! Rejects requests for unsupported features before anything is sent.

use serde_json::{Map, Value};

use crate::{Capabilities, Capability, Error, ErrorKind, Result};

/// Fails if a call's arguments request a capability that the model does not declare.
pub(crate) fn refuse_unsupported(
    can: Capabilities,
    arguments: &Map<String, Value>,
    model: &str,
) -> Result<()> {
    let asks = |name: &str, for_it: fn(&Value) -> bool| arguments.get(name).is_some_and(for_it);
    let asked = [
        (Capability::Tools, "tools", asks("tools", has_some)),
        (Capability::ToolChoice, "forced tool calls (`tool_choice`)", asks("tool_choice", is_forced)),
        (
            Capability::SingleToolCall,
            "turning off parallel tool calls (`parallel_tool_calls`)",
            asks("parallel_tool_calls", |parallel| *parallel == false),
        ),
        (
            Capability::StructuredOutput,
            "answers that match a schema (`response_format`)",
            asks("response_format", is_schema),
        ),
    ];
    match asked.into_iter().find(|(capability, _, asked)| *asked && !can.has(*capability)) {
        None => Ok(()),
        Some((_, what, _)) => {
            Err(Error::new(ErrorKind::Unsupported, format!("{model} does not support {what}")))
        }
    }
}

fn has_some(tools: &Value) -> bool {
    tools.as_array().is_some_and(|tools| !tools.is_empty())
}

fn is_forced(choice: &Value) -> bool {
    match choice {
        Value::Bool(forced) => *forced,
        Value::String(word) => word != "auto" && word != "none",
        Value::Object(_) => true,
        _ => false,
    }
}

fn is_schema(format: &Value) -> bool {
    format.get("type").is_some_and(|kind| kind == "json_schema")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(can: &[Capability], arguments: Value, refused: Option<&str>) {
        let can = can.iter().copied().collect();
        let error = refuse_unsupported(can, arguments.as_object().expect("an object"), "M").err();
        assert_eq!(error.as_ref().map(Error::message), refused);
    }

    #[test]
    fn what_is_not_declared_is_refused() {
        use Capability::{SingleToolCall, StructuredOutput, ToolChoice, Tools};
        let tools = json!({"tools": [{"type": "function"}]});
        check(&[], tools.clone(), Some("M does not support tools"));
        check(&[Tools], tools, None);
        check(
            &[],
            json!({"tools": [], "tool_choice": "auto", "response_format": {"type": "json_object"}}),
            None,
        );
        check(
            &[Tools],
            json!({"tool_choice": "required"}),
            Some("M does not support forced tool calls (`tool_choice`)"),
        );
        check(&[Tools, ToolChoice], json!({"tool_choice": {"type": "function"}}), None);
        check(
            &[Tools, ToolChoice],
            json!({"parallel_tool_calls": false}),
            Some("M does not support turning off parallel tool calls (`parallel_tool_calls`)"),
        );
        check(&[Tools], json!({"parallel_tool_calls": true}), None);
        check(&[SingleToolCall], json!({"parallel_tool_calls": false}), None);
        let format = json!({"response_format": {"type": "json_schema"}});
        check(
            &[Tools],
            format.clone(),
            Some("M does not support answers that match a schema (`response_format`)"),
        );
        check(&[StructuredOutput], format, None);
    }
}
