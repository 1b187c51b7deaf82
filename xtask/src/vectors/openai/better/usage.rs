//! How many tokens an answer took.

use serde_json::{Map, Value, json};

/// Details are named alike whatever the service tier, which is in the metadata.
pub(super) fn change(recording: &mut Value) {
    rename(&mut recording["expected_result"]);
}

fn rename(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename),
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "input_token_details" | "output_token_details" => without_tier(value),
                    _ => rename(value),
                }
            }
        }
        _ => {}
    }
}

fn without_tier(details: &mut Value) {
    let Some(members) = details.as_object_mut() else { return };
    for tier in ["flex", "priority"] {
        // The tier alone is what the details leave of the total.
        if members.remove(tier).is_some() {
            let named = std::mem::take(members).into_iter();
            let prefix = format!("{tier}_");
            members.extend(
                named.map(|(name, value)| (name.strip_prefix(&prefix).unwrap_or(&name).to_owned(), value)),
            );
        }
    }
}

/// Counts of chat completions or of the Responses API, as recordings show them.
pub(super) fn of(wire: &Value) -> Option<Value> {
    let of = |names: [&str; 2]| names.iter().find_map(|name| wire.get(*name)).cloned();
    let input = of(["prompt_tokens", "input_tokens"])?;
    let output = of(["completion_tokens", "output_tokens"])?;
    let details = |of: Option<Value>, members: &[(&str, &str)]| {
        let of = of.unwrap_or_default();
        let members = members.iter().filter(|(_, wire)| of[*wire].is_u64());
        members.map(|(name, wire)| ((*name).to_owned(), of[*wire].clone())).collect::<Map<_, _>>()
    };
    Some(json!({
        "input_tokens": input, "output_tokens": output, "total_tokens": wire["total_tokens"],
        "input_token_details": details(
            of(["prompt_tokens_details", "input_tokens_details"]),
            &[("audio", "audio_tokens"), ("cache_read", "cached_tokens")],
        ),
        "output_token_details": details(
            of(["completion_tokens_details", "output_tokens_details"]),
            &[("audio", "audio_tokens"), ("reasoning", "reasoning_tokens")],
        ),
    }))
}
