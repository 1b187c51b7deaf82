//! What the caller got against what was recorded.

use serde_json::{Map, Value};

use super::case::Outcome;
use super::error;
use super::request::difference_at;

/// What binds in a message. The rest binds as far as the recording has it.
const BINDING: [&str; 6] = ["text", "tool_calls", "invalid_tool_calls", "refusal", "usage", "finish_reason"];
/// What is for information, or shows how the recorded client keeps an answer.
const INFORMATION: [&str; 3] = ["content", "role", "parsed"];

/// Where an outcome differs from an `expected_result`.
pub(super) fn difference(expected: &Value, got: &Outcome) -> Option<String> {
    let differs = match (&expected["error"], &got.error) {
        (Value::Null, None) => None,
        (Value::Null, Some(error)) => Some(format!("failed: {error:?}")),
        (expected, None) => Some(format!("succeeded instead of {expected}")),
        (expected, Some(error)) => error::difference(expected, error),
    };
    let members = expected.as_object().into_iter().flatten().filter(|(name, _)| *name != "error");
    differs.or_else(|| {
        members.into_iter().find_map(|(name, expected)| {
            let got = got.members.get(name).unwrap_or(&Value::Null);
            member(name, expected, got)
        })
    })
}

fn member(name: &str, expected: &Value, got: &Value) -> Option<String> {
    match name {
        "message" | "raw" => message(expected, got, name),
        "messages" => each(expected, got, name, message),
        "deltas" => deltas(expected, got),
        // Only the last of the partial values binds.
        "structured_chunks" => {
            let last = |values: &Value| values.as_array().and_then(|values| values.last()).cloned();
            difference_at(&last(expected)?, &last(got).unwrap_or_default(), name)
        }
        "parsing_error" => match (expected, got) {
            (Value::Null, Value::Null) => None,
            (expected, got) => {
                (expected["kind"] != got["kind"]).then(|| format!("{name}: {got} instead of {expected}"))
            }
        },
        // Where the client gives only the text of a streamed completion.
        "finish_reason" if got.is_null() => None,
        // Decoded answers may have more members, of any value where there was none.
        "value" | "items" | "events" | "generations" => subset(expected, got, name),
        "llm_output" => subset(&totals(expected), &totals(got), name),
        "embedding" | "embeddings" => difference_at(&singles(expected), got, name),
        _ => difference_at(expected, got, name),
    }
}

/// The numbers of vectors as 32-bit floats: a recording has means of them as doubles.
fn singles(value: &Value) -> Value {
    match (value, value.as_f64()) {
        (Value::Array(items), _) => items.iter().map(singles).collect(),
        (_, Some(number)) => (number as f32).to_string().parse::<f64>().unwrap_or_default().into(),
        (other, None) => other.clone(),
    }
}

fn each(
    expected: &Value,
    got: &Value,
    at: &str,
    difference: fn(&Value, &Value, &str) -> Option<String>,
) -> Option<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (expected, got) = (list(expected), list(got));
    if expected.len() != got.len() {
        return Some(format!("{at}: {} instead of {}", got.len(), expected.len()));
    }
    let mut pairs = expected.iter().zip(&got).enumerate();
    pairs.find_map(|(index, (expected, got))| difference(expected, got, &format!("{at}[{index}]")))
}

fn message(expected: &Value, got: &Value, at: &str) -> Option<String> {
    if !got.is_object() {
        return Some(format!("{at}: {got} instead of a message"));
    }
    let refusal = refusal_block(expected);
    let binding = BINDING.iter().find_map(|name| {
        let expected = refusal.as_ref().filter(|_| *name == "refusal").unwrap_or(&expected[name]);
        let (expected, got) = (without_nothing(expected), without_nothing(&got[name]));
        difference_at(&expected, &got, &format!("{at}.{name}"))
    });
    let rest = expected.as_object().into_iter().flatten();
    let mut rest =
        rest.filter(|(name, _)| !BINDING.contains(&name.as_str()) && !INFORMATION.contains(&name.as_str()));
    binding
        .or_else(|| rest.find_map(|(name, expected)| subset(expected, &got[name], &format!("{at}.{name}"))))
}

/// Null for what is empty, at every level.
fn without_nothing(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Array(items) => items.iter().map(without_nothing).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), without_nothing(value)));
            let members: Map<_, _> = members.filter(|(_, value)| !value.is_null()).collect();
            if members.is_empty() { Value::Null } else { members.into() }
        }
        other => other.clone(),
    }
}

/// The totals of an answer: no counts at all are null.
fn totals(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(usage) = value.get_mut("token_usage") {
        *usage = without_nothing(usage);
    }
    value
}

/// What is expected must be there; more may be.
fn subset(expected: &Value, got: &Value, at: &str) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected.iter().find_map(|(name, expected)| {
            subset(expected, got.get(name).unwrap_or(&Value::Null), &format!("{at}.{name}"))
        }),
        (Value::Array(_), Value::Array(_)) => each(expected, got, at, subset),
        _ => difference_at(expected, got, at),
    }
}

/// Where the recorded client shows a refusal only among its blocks, ours is in the member for refusals too.
fn refusal_block(message: &Value) -> Option<Value> {
    let blocks = message["content"].as_array()?.iter();
    let refusals: String = blocks.filter_map(|block| block["refusal"].as_str()).collect();
    (!refusals.is_empty()).then(|| refusals.into())
}

/// Text pieces and pieces of tool calls bind, each in their order.
fn deltas(expected: &Value, got: &Value) -> Option<String> {
    if expected.as_array().is_some_and(|deltas| deltas.iter().all(Value::is_string)) {
        return difference_at(&texts(expected), &texts(got), "deltas");
    }
    difference_at(&texts(expected), &texts(got), "texts of deltas")
        .or_else(|| difference_at(&calls(expected), &calls(got), "calls of deltas"))
}

fn texts(deltas: &Value) -> Value {
    let deltas = deltas.as_array().into_iter().flatten();
    let texts = deltas.filter_map(|delta| delta.as_str().or_else(|| delta["text"].as_str()));
    texts.filter(|text| !text.is_empty()).collect()
}

/// What a text of arguments says, if it is complete: blanks between its parts mean nothing.
fn parsed(args: &Value) -> Value {
    let read = args.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    read.filter(Value::is_object).map_or_else(|| args.clone(), |read| read.to_string().into())
}

fn calls(deltas: &Value) -> Value {
    let deltas = deltas.as_array().into_iter().flatten();
    let pieces = deltas.filter_map(|delta| delta["tool_call_chunks"].as_array()).flatten();
    let pieces = pieces.map(|piece| {
        let member = |name: &str| (name.to_owned(), without_nothing(&piece[name]));
        let args = ("args".to_owned(), without_nothing(&parsed(&piece["args"])));
        Value::from(Map::from_iter([member("id"), member("name"), args]))
    });
    pieces.filter(|piece| without_nothing(piece) != Value::Null).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(name: &str, expected: Value, got: Value, same: bool) {
        assert_eq!(member(name, &expected, &got).is_none(), same, "{expected} {got}");
    }

    #[test]
    fn no_counts_are_none() {
        check("llm_output", json!({"token_usage": {}}), json!({"token_usage": null}), true);
        check("llm_output", json!({"token_usage": {}}), json!({"token_usage": {"total_tokens": 1}}), false);
        check("llm_output", json!({"token_usage": {"total_tokens": 1}}), json!({"token_usage": null}), false);
    }

    #[test]
    fn pieces_of_calls_compare_as_texts_and_whole_arguments_as_json() {
        let piece = |args: &str| json!([{"tool_call_chunks": [{"id": "c", "args": args}]}]);
        check("deltas", piece("{\"a\": 1}"), piece("{\"a\":1}"), true);
        check("deltas", piece("{\"a\": "), piece("{\"a\":"), false);
        check("deltas", piece(""), piece("{}"), false);
    }
}
