//! Models that do not accept a temperature.

use serde_json::{Map, Value};

/// Returns true for gpt-5 and related models when they reason, which only accept a temperature of 1. Their chat
/// variants do not reason, and the effort `none` disables reasoning in the others.
pub(super) fn thinks(model: &str, settings: &Map<String, Value>) -> bool {
    let effort = settings.get("reasoning").and_then(|reasoning| reasoning.get("effort"));
    let effort = effort.or_else(|| settings.get("reasoning_effort"));
    is_kin(model, "gpt-5")
        && !model.to_lowercase().contains("chat")
        && effort.is_none_or(|effort| effort != "none")
}

/// Returns true for models whose names have this prefix, ignoring case.
pub(super) fn is_kin(model: &str, kin: &str) -> bool {
    model.get(..kin.len()).is_some_and(|start| start.eq_ignore_ascii_case(kin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn gpt_5_thinks_unless_told_otherwise() {
        let check = |model: &str, settings: Value, expected: bool| {
            let settings = settings.as_object().cloned().unwrap_or_default();
            assert_eq!(thinks(model, &settings), expected, "{model} {settings:?}");
        };
        check("gpt-5", json!({}), true);
        check("GPT-5-mini", json!({"reasoning_effort": "low"}), true);
        check("gpt-5.1", json!({"reasoning": {"effort": "none"}}), false);
        check("gpt-5.1", json!({"reasoning_effort": "none"}), false);
        check("gpt-5.1", json!({"reasoning": {"summary": "auto"}}), true);
        check("GPT-5-Chat-latest", json!({}), false);
        let both = json!({"reasoning_effort": "low", "reasoning": {"effort": "none"}});
        check("gpt-5.1", both, false);
        check("gpt-4o", json!({}), false);
        check("gpt", json!({}), false);
    }
}
