//! Checks values against a JSON Schema: a subset of draft 2020-12, written for the answers of models.
//!
//! What is checked: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
//! `anyOf`, `oneOf`, `allOf`, `not`, `$ref` within the schema, and the bounds of numbers, texts, lists and objects;
//! with the feature `regex` also `pattern`, a search in the text, in the syntax of Rust's expressions.
//! `oneOf` is read as `anyOf`. What only annotates (`title`, `format`, `default` ...) is no rule. What is left over is
//! found by [`unchecked`].

mod bounds;
mod coerce;
mod describe;
mod fill;
mod pattern;
#[cfg(test)]
mod tests;
mod unchecked;
mod violation;
mod walk;

pub(crate) use coerce::coerce;
pub(crate) use fill::fill;
pub(crate) use unchecked::unchecked;
pub(crate) use violation::{Violation, listed};

use serde_json::Value;

use walk::Walk;

/// What of a value does not fit the schema, at most a handful.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<Violation> {
    Walk::new(schema).explain(value)
}

/// The schema that a reference within `root` leads to.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    let reference = schema.get("$ref")?.as_str()?;
    root.pointer(reference.strip_prefix('#')?)
}
