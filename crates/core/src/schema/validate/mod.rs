//! Validation against a JSON Schema: a subset of draft 2020-12, designed for the answers of models.
//!
//! Supported are `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
//! `anyOf`, `oneOf`, `allOf`, `not`, `$ref` within the schema, and the bounds of numbers, texts, lists and objects;
//! with the `regex` feature also `pattern`, unanchored and in the syntax of Rust's regular expressions. `oneOf` is
//! treated as `anyOf`. Annotations (`title`, `format`, `default` and so on) are ignored. Unsupported rules are found by
//! [`unchecked`].

mod bounds;
mod coerce;
mod describe;
mod fill;
mod pattern;
mod tag;
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

/// Returns the violations of the schema by a value, up to a small maximum.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<Violation> {
    Walk::new(schema).explain(value)
}

/// Resolves a reference within `root`.
fn resolve<'s>(root: &'s Value, schema: &'s Value) -> Option<&'s Value> {
    let reference = schema.get("$ref")?.as_str()?;
    root.pointer(reference.strip_prefix('#')?)
}
