//! Which models take no temperature.

use serde_json::{Map, Value};

/// True for gpt-5 and its kin while they think, which take no temperature but 1. Their chat models do not think, and the
/// effort `none` keeps the others from it.
pub(super) fn thinks(model: &str, settings: &Map<String, Value>) -> bool {
    let effort = settings.get("reasoning").and_then(|reasoning| reasoning.get("effort"));
    let effort = effort.or_else(|| settings.get("reasoning_effort"));
    is_kin(model, "gpt-5")
        && !model.to_lowercase().contains("chat")
        && effort.is_none_or(|effort| effort != "none")
}

/// True for models whose names begin so, in letters of either case.
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
