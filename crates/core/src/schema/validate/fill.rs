//! Completion of values with defaults, and removal of unknown members.

use serde_json::{Map, Value};

use super::resolve;
use super::walk::Walk;

/// Fills in the defaults of missing members in a valid value, and drops members that are not in the schema, unless it
/// specifies additional ones.
pub(crate) fn fill(schema: &Value, value: Value) -> Value {
    filled(&mut Walk::new(schema), schema, value)
}

fn filled<'s>(walk: &mut Walk<'s>, schema: &'s Value, value: Value) -> Value {
    let schema = followed(walk, schema, &value);
    match value {
        Value::Object(members) => object(walk, schema, members).into(),
        Value::Array(items) => {
            let prefix = schema.get("prefixItems").and_then(Value::as_array);
            let rest = schema.get("items");
            let items = items.into_iter().enumerate();
            let items =
                items.map(|(index, item)| match prefix.and_then(|prefix| prefix.get(index)).or(rest) {
                    Some(schema) => filled(walk, schema, item),
                    None => item,
                });
            Value::Array(items.collect())
        }
        scalar => scalar,
    }
}

/// Resolves references and choices.
fn followed<'s>(walk: &mut Walk<'s>, mut schema: &'s Value, value: &Value) -> &'s Value {
    // References may be cyclic.
    for _ in 0..super::walk::MAX_DEPTH {
        let choice = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
        let next = resolve(walk.root, schema)
            .or_else(|| choice.and_then(|branches| branches.iter().find(|branch| walk.fits(branch, value))));
        match next {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn object<'s>(walk: &mut Walk<'s>, schema: &'s Value, mut members: Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        let others = schema.get("additionalProperties").filter(|schema| schema.is_object());
        let Some(others) = others else { return members };
        return members.into_iter().map(|(name, value)| (name, filled(walk, others, value))).collect();
    };
    let mut whole = Map::new();
    for (name, schema) in properties {
        let value = match members.remove(name) {
            Some(value) => Some(filled(walk, schema, value)),
            None => schema.get("default").cloned(),
        };
        whole.extend(value.map(|value| (name.clone(), value)));
    }
    match schema.get("additionalProperties") {
        None | Some(Value::Bool(false)) => {}
        Some(others) => {
            whole.extend(members.into_iter().map(|(name, value)| (name, filled(walk, others, value))));
        }
    }
    whole
}
