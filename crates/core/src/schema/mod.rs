//! JSON Schemas of what goes in and comes out, and the fields that a call may configure.

mod config;
mod definitions;
mod input;
mod object;
mod output;
#[cfg(test)]
mod tests;
mod types;
mod validate;
mod with_schemas;

pub(crate) use config::{config_schema, config_specs};
pub(crate) use input::{input_schema, parallel_name};
pub(crate) use object::Object;
pub(crate) use output::{output_schema, tuple_schema};
pub(crate) use types::{text_or_message, type_schema};
pub(crate) use validate::{Violation, coerce, fill, listed, unchecked, violations};
pub use with_schemas::WithSchemas;
#[cfg(feature = "schemars")]
pub(crate) use with_schemas::described;

use serde_json::{Map, Value, json};

use crate::{Outline, OutlineParts, RunKind};

/// What a schema of something unknown says: nothing.
fn unknown() -> Value {
    Value::Object(Map::new())
}

/// True if it says more than a name.
fn says_something(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| schema.keys().any(|key| key != "title"))
}

/// The schema under this name instead of its own.
fn titled(mut schema: Value, title: impl Into<String>) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".to_owned(), Value::String(title.into()));
    }
    schema
}

/// The schema under its own name, or under this one if it has none.
fn titled_if_not(schema: Value, title: impl FnOnce() -> String) -> Value {
    if schema.get("title").is_some_and(Value::is_string) { schema } else { titled(schema, title()) }
}

/// The name of a value for people: `first_name` is `First Name`.
fn title_of(name: &str) -> String {
    let mut title = String::with_capacity(name.len());
    let mut in_word = false;
    for letter in name.chars().map(|letter| if letter == '_' { ' ' } else { letter }) {
        if in_word {
            title.extend(letter.to_lowercase());
        } else {
            title.extend(letter.to_uppercase());
        }
        in_word = letter.is_alphabetic();
    }
    title
}

/// A list of what `item` describes.
fn list_of(item: Value) -> Value {
    let mut definitions = definitions::Definitions::default();
    let item = definitions.absorb(item);
    let item = definitions.define(item);
    definitions.write_to(json!({ "type": "array", "items": item }))
}

/// The prompts in a runnable, wherever they are.
pub(crate) fn prompts(outline: &Outline) -> Vec<Outline> {
    let mut found = Vec::new();
    collect_prompts(outline, &mut found);
    found
}

fn collect_prompts(outline: &Outline, found: &mut Vec<Outline>) {
    // A wrapper is of the kind of what it wraps.
    if outline.kind == RunKind::Prompt && matches!(outline.parts, OutlineParts::Leaf) {
        found.push(outline.clone());
    }
    outline.parts.iter().for_each(|part| collect_prompts(part, found));
}
