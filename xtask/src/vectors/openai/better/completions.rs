//! Text completions in one piece.

use serde_json::{Value, json};

use super::is_client;

pub(super) fn change(recording: &mut Value) {
    if !is_client(recording, &["llm"]) || recording["input"]["operation"] != "generate" {
        return;
    }
    let more = recording["more_exchanges"].as_array().into_iter().flatten();
    let answers = [&*recording].into_iter().chain(more).map(|exchange| &exchange["canned_response"]);
    let Some(answers) = answers.map(choices).collect::<Option<Vec<_>>>() else { return };
    let result = &recording["expected_result"];
    // An answer may be without usage, and a choice without a text.
    let is_readable = result.get("generations").is_some() || result["error"]["kind"] == "invalid_response";
    if !is_readable || recording["canned_response"]["json"].get("error").is_some() {
        return;
    }
    let prompts = recording["input"]["prompts"].as_array().map_or(0, Vec::len);
    let each = recording["input"]["config"]["n"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
    let choices: Vec<_> = answers.concat();
    // A completion too few belongs to no prompt.
    if choices.len() != prompts * each {
        recording["expected_result"] = json!({ "error": { "kind": "invalid_response" } });
        return;
    }
    let generations: Value =
        choices.chunks(each.max(1)).map(|choices| Value::from(choices.to_vec())).collect();
    match recording["expected_result"].get_mut("generations") {
        Some(recorded) => *recorded = generations,
        None => recording["expected_result"] = json!({ "generations": generations }),
    }
}

/// The completions of an answer. One belongs to the prompt that its index names.
fn choices(answer: &Value) -> Option<Vec<Value>> {
    if answer["status"] != 200 {
        return None;
    }
    let mut choices = answer["json"]["choices"].as_array()?.clone();
    choices.sort_by_key(|choice| choice["index"].as_u64());
    let text = |choice: &Value| choice["text"].as_str().unwrap_or_default().to_owned();
    let shown = choices.iter().map(|choice| {
        let mut shown = json!({ "text": text(choice) });
        for name in ["finish_reason", "logprobs"] {
            if let Some(value) = choice.get(name).filter(|value| !value.is_null()) {
                shown[name] = value.clone();
            }
        }
        shown
    });
    Some(shown.collect())
}
