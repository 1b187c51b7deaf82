//! Chooses between the Responses API and chat completions.

use serde_json::Value;

use crate::parameters::Parameters;

/// Settings that only the Responses API supports.
const OWN_SETTINGS: [&str; 6] =
    ["context_management", "include", "previous_response_id", "reasoning", "text", "truncation"];

/// Models that are only served there.
const OWN_MODELS: [&str; 5] = ["gpt-5-pro", "gpt-5.2-pro", "gpt-5.4-pro", "gpt-5.5-pro", "gpt-5.6-sol"];

/// Returns true if a request requires, or is better served by, the Responses API. `settings` are the members of the
/// request besides its model and messages.
pub(crate) fn prefers_responses(model: &str, settings: &Parameters) -> bool {
    let tools = settings.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    OWN_SETTINGS.iter().any(|name| settings.get(name).is_some_and(|value| !value.is_null()))
        || tools.iter().any(is_built_in)
        || OWN_MODELS.iter().any(|prefix| model.starts_with(prefix))
        || model.contains("codex")
        || (model.starts_with("gpt-6") && !tools.is_empty())
}

/// Returns true for a tool that is not a function of the caller.
fn is_built_in(tool: &Value) -> bool {
    tool.get("type").is_some_and(|kind| kind != "function")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_request_decides() {
        for (settings, expected) in [
            (json!({"model": "gpt-4o"}), false),
            (json!({"model": "gpt-5", "reasoning_effort": "low"}), false),
            (json!({"model": "gpt-5-mini", "reasoning": {"effort": "low"}}), true),
            (json!({"model": "m", "include": []}), true),
            (json!({"model": "m", "truncation": null}), false),
            (json!({"model": "m", "previous_response_id": "resp_1"}), true),
            (json!({"model": "m", "text": {"verbosity": "low"}}), true),
            (json!({"model": "m", "context_management": []}), true),
            (json!({"model": "m", "tools": [{"type": "function", "function": {"name": "f"}}]}), false),
            (json!({"model": "m", "tools": [{"type": "function"}, {"type": "web_search"}]}), true),
            (json!({"model": "m", "tools": [{"type": "custom", "custom": {"name": "f"}}]}), true),
            (json!({"model": "gpt-6", "tools": []}), false),
            (json!({"model": "gpt-6-mini", "tools": [{"type": "function"}]}), true),
            (json!({"model": "gpt-5-pro-2025-10-06"}), true),
            (json!({"model": "gpt-5.1-codex-max"}), true),
            (json!({"model": "gpt-5"}), false),
        ] {
            let members = settings.as_object().cloned().expect("an object");
            let model = settings["model"].as_str().unwrap_or_default();
            let (mut set, mut extra) = (Parameters::default(), Parameters::default());
            set.members.clone_from(&members);
            extra.extra = members;
            for parameters in [set, extra] {
                assert_eq!(prefers_responses(model, &parameters), expected, "{settings}");
            }
        }
    }
}
