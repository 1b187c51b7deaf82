//! Descriptions of schemas in words.

use serde_json::Value;

use super::resolve;
use super::tag::{Tag, allows_objects};

/// The maximum number of alternatives listed.
const MOST: usize = 12;
/// The maximum number of nested references and choices that are followed.
const DEPTH: usize = 8;

/// Describes what a value should be: `an integer of at least 0`, `"low" or "high"`.
pub(super) fn describe(root: &Value, schema: &Value) -> String {
    let mut ways = Vec::new();
    collect(root, schema, DEPTH, &mut ways);
    join(ways)
}

/// Joins alternatives: `a, b or c`. Of many, only the first are listed.
pub(super) fn join(mut ways: Vec<String>) -> String {
    ways.dedup();
    if ways.len() > MOST {
        ways.truncate(MOST);
        ways.push("…".to_owned());
    }
    match ways.split_last() {
        None => "something else".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

fn collect(root: &Value, schema: &Value, depth: usize, ways: &mut Vec<String>) {
    if depth == 0 || ways.len() > MOST {
        return;
    }
    if let Some(target) = resolve(root, schema) {
        return collect(root, target, depth - 1, ways);
    }
    if let Some(only) = schema.get("const") {
        return ways.push(only.to_string());
    }
    let list = |name: &str| schema.get(name).and_then(Value::as_array);
    if let Some(values) = list("enum") {
        return ways.extend(values.iter().take(MOST + 1).map(ToString::to_string));
    }
    if let Some(branches) = list("anyOf").or_else(|| list("oneOf")) {
        let tag = Tag::of(root, branches).filter(|tag| tag.is_required);
        if let Some(tag) = &tag {
            ways.push(format!("an object with `{}` ({})", tag.name, tag.described()));
        }
        let others = branches.iter().filter(|branch| tag.is_none() || !allows_objects(root, branch));
        return others.for_each(|branch| collect(root, branch, depth - 1, ways));
    }
    match schema.get("type") {
        Some(Value::String(name)) => ways.push(described_type(schema, name)),
        Some(Value::Array(names)) => {
            ways.extend(names.iter().filter_map(Value::as_str).map(|name| described_type(schema, name)));
        }
        _ => list("allOf").into_iter().flatten().for_each(|part| collect(root, part, depth - 1, ways)),
    }
}

fn described_type(schema: &Value, name: &str) -> String {
    let noun = match name {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "an array",
        "object" => return described_object(schema),
        other => return other.to_owned(),
    };
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!("{noun} from {least} to {most}"),
        (Some(least), None) => format!("{noun} of at least {least}"),
        (None, Some(most)) => format!("{noun} of at most {most}"),
        (None, None) => noun.to_owned(),
    }
}

fn described_object(schema: &Value) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<String> = names.take(MOST).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "an object".to_owned() } else { format!("an object with {}", names.join(", ")) }
}
