//! Inference of the output schema of a runnable from its parts.

use serde_json::{Value, json};

use super::input::of_parallel as parallel_input;
use super::{Object, list_of, titled, titled_if_not, unknown};
use crate::{Outline, OutlineParts};

/// Returns the JSON Schema of the output; only a title if it is unknown.
pub(crate) fn output_schema(outline: &Outline) -> Value {
    let known = outline.output_schema.clone().or_else(|| inferred(outline)).unwrap_or_else(unknown);
    titled_if_not(known, || outline.name_with_suffix("output"))
}

fn inferred(outline: &Outline) -> Option<Value> {
    match &outline.parts {
        OutlineParts::Leaf | OutlineParts::Passthrough | OutlineParts::Pick { .. } => None,
        OutlineParts::Sequence(steps) => of_sequence(steps),
        OutlineParts::Parallel(branches) => {
            Some(of_parallel(branches).into_schema(outline.name_with_suffix("output")))
        }
        OutlineParts::Assign(branches) => {
            let input = parallel_input(branches).and_then(|schema| Object::read(&schema));
            Some(added_to(input.unwrap_or_default(), branches).into_schema("RunnableAssignOutput"))
        }
        OutlineParts::Branch { arms, default } => common(arms.iter().map(|(_, arm)| arm).chain([&**default])),
        OutlineParts::Choice(routes) => common(routes.iter().map(|(_, route)| route)),
        OutlineParts::Alternatives(ways) => ways.first().map(|(_, default)| output_schema(default)),
        OutlineParts::Fallbacks(choices) => choices.first().map(output_schema),
        OutlineParts::Each(inner) => Some(list_of(output_schema(inner))),
        OutlineParts::Wrapper(inner) => Some(output_schema(inner)),
    }
}

/// Returns the output schema of the last step. If that adds to or picks from a record, it depends on the steps before.
fn of_sequence(steps: &[Outline]) -> Option<Value> {
    let (last, before) = steps.split_last()?;
    if before.is_empty() || last.output_schema.is_some() {
        return Some(output_schema(last));
    }
    match &last.parts {
        OutlineParts::Assign(branches) => {
            let record = of_sequence(before).and_then(|schema| Object::read(&schema));
            record.map(|record| added_to(record, branches).into_schema("RunnableSequenceOutput"))
        }
        // As in LangChain, the schema of a pick from the output of a single step is left open.
        OutlineParts::Pick { names, single } if before.len() > 1 => picked(before, names, *single),
        _ => None,
    }
    .or_else(|| Some(output_schema(last)))
}

fn picked(before: &[Outline], names: &[String], single: bool) -> Option<Value> {
    let mut record = Object::read(&of_sequence(before)?)?;
    if single {
        return record.get(names.first()?).map(|schema| titled(schema, "RunnableSequenceOutput"));
    }
    record.retain(|name| names.iter().any(|picked| picked == name));
    Some(record.into_schema("RunnableSequenceOutput"))
}

fn of_parallel(branches: &[(String, Outline)]) -> Object {
    added_to(Object::default(), branches)
}

fn added_to(mut record: Object, branches: &[(String, Outline)]) -> Object {
    branches.iter().for_each(|(name, branch)| record.require(name, output_schema(branch)));
    record
}

/// Returns the output schema common to all alternatives, if they agree.
fn common<'a>(ways: impl Iterator<Item = &'a Outline>) -> Option<Value> {
    let mut schemas = ways.map(|way| {
        let mut schema = output_schema(way);
        schema.as_object_mut().map(|schema| schema.remove("title"));
        schema
    });
    let first = schemas.next()?;
    schemas.all(|schema| schema == first).then_some(first)
}

/// Returns the schema of a list with one value of each of these, in order.
pub(crate) fn tuple_schema(items: &[Outline]) -> Value {
    let mut definitions = super::definitions::Definitions::default();
    let items: Vec<Value> = items.iter().map(|item| definitions.absorb(output_schema(item))).collect();
    let count = items.len();
    let schema = json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count });
    definitions.write_to(schema)
}
