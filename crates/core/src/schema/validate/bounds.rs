//! Bounds on numbers, texts, lists and objects.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde_json::{Map, Number, Value};

/// Returns the bounds that the value violates, as descriptions of what it should be: `at least 1`.
pub(super) fn broken(schema: &Map<String, Value>, value: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    match value {
        Value::Number(number) => check_number(schema, number, &mut broken),
        Value::String(text) => {
            // Counted only if needed, since it requires a pass over the text.
            if schema.contains_key("minLength") || schema.contains_key("maxLength") {
                check_size(schema, "Length", text.chars().count(), ("a string", "character"), &mut broken);
            }
        }
        Value::Array(items) => {
            check_size(schema, "Items", items.len(), ("an array", "item"), &mut broken);
            if schema.get("uniqueItems") == Some(&Value::Bool(true)) && has_twins(items) {
                broken.push("an array without duplicate items".to_owned());
            }
        }
        Value::Object(members) => {
            check_size(schema, "Properties", members.len(), ("an object", "member"), &mut broken);
        }
        Value::Bool(_) | Value::Null => {}
    }
    broken
}

/// Whether an ordering satisfies the keyword.
type Holds = fn(Ordering) -> bool;

const NUMBER_BOUNDS: [(&str, &str, Holds); 4] = [
    ("minimum", "at least", Ordering::is_ge),
    ("maximum", "at most", Ordering::is_le),
    ("exclusiveMinimum", "more than", Ordering::is_gt),
    ("exclusiveMaximum", "less than", Ordering::is_lt),
];

fn check_number(schema: &Map<String, Value>, number: &Number, broken: &mut Vec<String>) {
    for (keyword, words, holds) in NUMBER_BOUNDS {
        if let Some(Value::Number(limit)) = schema.get(keyword)
            && !compare(number, limit).is_none_or(holds)
        {
            broken.push(format!("{words} {limit}"));
        }
    }
    if let Some(Value::Number(of)) = schema.get("multipleOf")
        && !is_multiple(number, of)
    {
        broken.push(format!("a multiple of {of}"));
    }
}

/// Compares integers exactly, as a float cannot represent all of them.
fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn is_multiple(number: &Number, of: &Number) -> bool {
    if let (Some(number), Some(of)) = (whole(number), whole(of)) {
        return of == 0 || number % of == 0;
    }
    let (Some(number), Some(of)) = (number.as_f64(), of.as_f64()) else { return true };
    let times = number / of;
    // Decimal steps such as 0.1 have no exact float representation, so rounding errors of the division are ignored.
    of == 0.0 || (times - times.round()).abs() <= f64::EPSILON * times.abs().max(1.0) * 4.0
}

fn check_size(
    schema: &Map<String, Value>,
    what: &str,
    size: usize,
    (noun, unit): (&str, &str),
    broken: &mut Vec<String>,
) {
    let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let words = |bound: &str, limit: u64| {
        format!("{noun} of {bound} {limit} {unit}{}", if limit == 1 { "" } else { "s" })
    };
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    if let Some(limit) = limit(&format!("min{what}")).filter(|limit| size < *limit) {
        broken.push(words("at least", limit));
    }
    if let Some(limit) = limit(&format!("max{what}")).filter(|limit| size > *limit) {
        broken.push(words("at most", limit));
    }
}

fn has_twins(items: &[Value]) -> bool {
    let mut seen = HashSet::with_capacity(items.len());
    !items.iter().all(|item| seen.insert(item))
}
