//! Choices among tools as the wire wants them.

use serde_json::{Value, json};

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
