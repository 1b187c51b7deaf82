//! JSON Schemas of inputs and outputs, and the fields that can be configured per call.

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

/// Returns the schema of an unknown value, which is empty.
fn unknown() -> Value {
    Value::Object(Map::new())
}

/// Returns whether the schema has more than a title.
fn says_something(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| schema.keys().any(|key| key != "title"))
}

/// Returns the schema with this title.
fn titled(mut schema: Value, title: impl Into<String>) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert("title".to_owned(), Value::String(title.into()));
    }
    schema
}

/// Returns the schema with its own title, or with this one if it has none.
fn titled_if_not(schema: Value, title: impl FnOnce() -> String) -> Value {
    if schema.get("title").is_some_and(Value::is_string) { schema } else { titled(schema, title()) }
}

/// Converts the name of a value to a title: `first_name` becomes `First Name`.
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

/// Returns the schema of a list.
fn list_of(item: Value) -> Value {
    let mut definitions = definitions::Definitions::default();
    let item = definitions.absorb(item);
    let item = definitions.define(item);
    definitions.write_to(json!({ "type": "array", "items": item }))
}

/// Returns all prompts in a runnable, at any depth.
pub(crate) fn prompts(outline: &Outline) -> Vec<Outline> {
    let mut found = Vec::new();
    collect_prompts(outline, &mut found);
    found
}

fn collect_prompts(outline: &Outline, found: &mut Vec<Outline>) {
    // A wrapper has the kind of what it wraps.
    if outline.kind == RunKind::Prompt && matches!(outline.parts, OutlineParts::Leaf) {
        found.push(outline.clone());
    }
    outline.parts.iter().for_each(|part| collect_prompts(part, found));
}
