//! Inference of the input schema of a runnable from its parts.

use serde_json::{Value, json};

use super::{Object, list_of, says_something, titled, titled_if_not, unknown};
use crate::outline::name_with_suffix;
use crate::{Outline, OutlineParts};

/// Returns the JSON Schema of the input; only a title if it is unknown.
pub(crate) fn input_schema(outline: &Outline) -> Value {
    let known = outline.input_schema.clone().or_else(|| inferred(outline)).unwrap_or_else(unknown);
    titled_if_not(known, || outline.name_with_suffix("input"))
}

fn inferred(outline: &Outline) -> Option<Value> {
    match &outline.parts {
        OutlineParts::Leaf | OutlineParts::Passthrough => None,
        OutlineParts::Sequence(steps) => of_sequence(steps),
        OutlineParts::Parallel(branches) => {
            of_parallel(branches).map(|schema| titled(schema, outline.name_with_suffix("input")))
        }
        OutlineParts::Assign(branches) => Some(of_assign(branches)),
        OutlineParts::Branch { arms, default } => {
            let ways = std::iter::once(&**default).chain(arms.iter().map(|(_, arm)| arm));
            let all = ways.chain(arms.iter().map(|(condition, _)| condition));
            all.map(input_schema).find(|schema| schema.get("type").is_some())
        }
        OutlineParts::Choice(routes) => Some(of_router(routes)),
        OutlineParts::Alternatives(ways) => ways.first().map(|(_, default)| input_schema(default)),
        OutlineParts::Fallbacks(choices) => choices.first().map(input_schema),
        OutlineParts::Pick { .. } => Some(any_record()),
        OutlineParts::Each(inner) => Some(list_of(input_schema(inner))),
        OutlineParts::Wrapper(inner) => Some(input_schema(inner)),
    }
}

fn any_record() -> Value {
    json!({ "type": "object", "additionalProperties": true })
}

/// Returns the input schema of the inner parallel step, under its name, if that takes a record.
fn of_assign(branches: &[(String, Outline)]) -> Value {
    match of_parallel(branches) {
        None => titled(json!({ "type": "object" }), parallel_name(branches, "input")),
        Some(schema) if Object::read(&schema).is_some() => titled(schema, parallel_name(branches, "input")),
        Some(_) => any_record(),
    }
}

/// Returns the name of the input or output of a parallel step with these branches.
pub(crate) fn parallel_name(branches: &[(String, Outline)], suffix: &str) -> String {
    let keys: Vec<&str> = branches.iter().map(|(key, _)| key.as_str()).collect();
    name_with_suffix(&format!("RunnableParallel<{}>", keys.join(",")), suffix)
}

/// Returns the input schema of the first step. If that is an assign, the values that it adds are not part of the input;
/// if it is a pick, the picked values are required.
fn of_sequence(steps: &[Outline]) -> Option<Value> {
    let (first, rest) = steps.split_first()?;
    if rest.is_empty() || first.input_schema.is_some() {
        return Some(input_schema(first));
    }
    match &first.parts {
        OutlineParts::Assign(branches) => before_assign(branches, rest),
        OutlineParts::Pick { names, single } => before_pick(names, *single, rest),
        _ => None,
    }
    .or_else(|| Some(input_schema(first)))
}

fn before_assign(branches: &[(String, Outline)], rest: &[Outline]) -> Option<Value> {
    let mut needed = Object::read(&of_sequence(rest)?)?;
    needed.retain(|name| !branches.iter().any(|(added, _)| added == name));
    let mut all = of_parallel(branches).and_then(|schema| Object::read(&schema)).unwrap_or_default();
    all.extend(needed);
    Some(all.into_schema("RunnableSequenceInput"))
}

fn before_pick(names: &[String], single: bool, rest: &[Outline]) -> Option<Value> {
    let next = of_sequence(rest)?;
    let Some(name) = names.first().filter(|_| single) else {
        return Object::read(&next).map(|_| next);
    };
    let mut object = Object::default();
    object.require(name, next);
    Some(object.into_schema("RunnableSequenceInput"))
}

/// Returns the union of what the branches need, since all receive the same input. If not all take a record, returns the
/// input schema of the first.
pub(super) fn of_parallel(branches: &[(String, Outline)]) -> Option<Value> {
    let known: Vec<Value> =
        branches.iter().map(|(_, branch)| input_schema(branch)).filter(says_something).collect();
    let first = known.first()?;
    let records: Option<Vec<Object>> = known.iter().map(Object::read).collect();
    let Some(records) = records else { return Some(first.clone()) };
    let mut all = Object::default();
    records.into_iter().for_each(|record| all.extend(record));
    Some(all.into_schema(""))
}

fn of_router(routes: &[(String, Outline)]) -> Value {
    let mut object = Object::default();
    let keys: Vec<&str> = routes.iter().map(|(key, _)| key.as_str()).collect();
    object.require("key", json!({ "type": "string", "enum": keys }));
    let inputs: Vec<Value> = routes.iter().map(|(_, route)| input_schema(route)).collect();
    let input = match inputs.split_first() {
        Some((first, others)) if others.iter().all(|other| other == first) => first.clone(),
        _ => unknown(),
    };
    object.require("input", input);
    object.into_schema("RouterRunnableInput")
}
