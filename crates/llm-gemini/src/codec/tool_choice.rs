//! The tool choice.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use super::tool::Tools;

/// Returns the request's member `toolConfig`; `None` if the service's default applies.
///
/// # Errors
/// `InvalidInput` for a malformed choice, or one of an unknown tool.
pub(super) fn tool_config(choice: Option<&Value>, strict: bool, tools: &Tools) -> Result<Option<Value>> {
    let choice = choice.filter(|choice| !choice.is_null());
    let mut config = match choice {
        None => Map::new(),
        Some(Value::Object(object)) if object.contains_key("functionCallingConfig") => {
            return Ok(Some(Value::Object(object.clone())));
        }
        Some(choice) => read(choice, tools)?,
    };
    // Only the model's free choice needs this mode to enforce the schemas; forced calls are enforced anyway.
    if (strict || tools.strict)
        && config.get("mode").is_none_or(|mode| mode == "AUTO")
        && !tools.declarations.is_empty()
    {
        config.insert("mode".to_owned(), "VALIDATED".into());
    }
    Ok((!config.is_empty()).then(|| json!({ "functionCallingConfig": config })))
}

fn read(choice: &Value, tools: &Tools) -> Result<Map<String, Value>> {
    match choice {
        Value::String(word) => match word.as_str() {
            "auto" => Ok(mode("AUTO", Vec::new())),
            "none" => Ok(mode("NONE", Vec::new())),
            "any" | "required" => Ok(mode("ANY", Vec::new())),
            name => one(name, tools),
        },
        Value::Bool(true) => Ok(mode("ANY", Vec::new())),
        Value::Bool(false) => Ok(mode("NONE", Vec::new())),
        Value::Object(object) if object.contains_key("mode") && !object.contains_key("type") => {
            Ok(object.clone())
        }
        Value::Object(object) => {
            let of = |holder: &Value| holder.get("name").and_then(Value::as_str).map(str::to_owned);
            if let Some(allowed) = object.get("allowed_tools") {
                return several(allowed, tools);
            }
            match object.get("function").and_then(of).or_else(|| of(choice)) {
                Some(name) => one(&name, tools),
                None => Err(unreadable(choice)),
            }
        }
        _ => Err(unreadable(choice)),
    }
}

fn one(name: &str, tools: &Tools) -> Result<Map<String, Value>> {
    known(name, tools)?;
    Ok(mode("ANY", vec![name.to_owned()]))
}

/// OpenAI's `allowed_tools`.
fn several(allowed: &Value, tools: &Tools) -> Result<Map<String, Value>> {
    let mut names = Vec::new();
    for tool in allowed["tools"].as_array().into_iter().flatten() {
        let name = tool["function"]["name"].as_str().or_else(|| tool["name"].as_str());
        let name = name.ok_or_else(|| unreadable(allowed))?;
        known(name, tools)?;
        names.push(name.to_owned());
    }
    // With names, a free choice has this mode.
    Ok(mode(if allowed["mode"] == "required" { "ANY" } else { "VALIDATED" }, names))
}

fn mode(mode: &str, names: Vec<String>) -> Map<String, Value> {
    let mut config = Map::from_iter([("mode".to_owned(), mode.into())]);
    if !names.is_empty() {
        config.insert("allowedFunctionNames".to_owned(), names.into());
    }
    config
}

fn known(name: &str, tools: &Tools) -> Result<()> {
    if tools.names().any(|known| known == name) {
        return Ok(());
    }
    let known: Vec<&str> = tools.names().take(20).collect();
    let message =
        format!("unknown tool `{name:.60}` in `tool_choice`; available tools: {}", known.join(", "));
    Err(Error::new(ErrorKind::InvalidInput, message))
}

fn unreadable(choice: &Value) -> Error {
    let message = format!(
        "invalid `tool_choice` {:.100}: expected `auto`, `none`, `required` or the name of a tool",
        choice.to_string()
    );
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(choice: Value, strict: bool) -> Result<Value> {
        let tools = Tools::read(&json!([{"name": "f"}, {"name": "g"}]), false).expect("tools");
        tool_config(Some(&choice), strict, &tools)
            .map(|config| config.unwrap_or_default()["functionCallingConfig"].take())
    }

    #[test]
    fn choices_have_modes() {
        let f = json!({"mode": "ANY", "allowedFunctionNames": ["f"]});
        for (choice, expected) in [
            (json!(null), json!(null)),
            (json!("auto"), json!({"mode": "AUTO"})),
            (json!("none"), json!({"mode": "NONE"})),
            (json!(false), json!({"mode": "NONE"})),
            (json!("required"), json!({"mode": "ANY"})),
            (json!("any"), json!({"mode": "ANY"})),
            (json!(true), json!({"mode": "ANY"})),
            (json!("f"), f.clone()),
            (json!({"type": "function", "function": {"name": "f"}}), f.clone()),
            (json!({"type": "function", "name": "f"}), f),
            (json!({"mode": "VALIDATED"}), json!({"mode": "VALIDATED"})),
            (json!({"functionCallingConfig": {"mode": "AUTO"}}), json!({"mode": "AUTO"})),
            (
                json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}}),
                json!({"mode": "ANY", "allowedFunctionNames": ["g"]}),
            ),
        ] {
            assert_eq!(config(choice.clone(), false).expect("a config"), expected, "{choice}");
        }
        assert_eq!(config(json!("auto"), true).expect("a config"), json!({"mode": "VALIDATED"}));
        assert_eq!(config(json!("any"), true).expect("a config"), json!({"mode": "ANY"}));
    }

    #[test]
    fn what_is_no_choice_is_an_error() {
        for choice in [json!("h"), json!(1), json!({}), json!({"function": {"name": "h"}})] {
            assert_eq!(config(choice, false).expect_err("an error").kind(), ErrorKind::InvalidInput);
        }
    }
}
