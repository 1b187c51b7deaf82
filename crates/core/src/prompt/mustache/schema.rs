//! The JSON Schema of a mustache template's input.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Node;
use crate::schema::Object;

/// How a value is used, by name.
#[derive(Default)]
struct Use {
    shown: bool,
    parts: BTreeMap<String, Use>,
}

/// Returns a schema in which rendered values are texts and values with members are records. Nothing is required.
pub(super) fn input_schema(nodes: &[Node]) -> Value {
    let mut input = Use::default();
    for node in nodes {
        let (path, shown) = match node {
            Node::Variable { path, .. } => (path, true),
            Node::Section { path, .. } => (path, false),
            Node::Text(_) | Node::LineStart | Node::Partial { .. } => continue,
        };
        let used = path.iter().fold(&mut input, |used, name| used.parts.entry(name.clone()).or_default());
        used.shown |= shown;
    }
    object(&input, "PromptInput")
}

/// Recursive; the depth is limited by the length of names.
fn object(used: &Use, title: &str) -> Value {
    let mut schema = Object::default();
    for (name, part) in &used.parts {
        let part = match part {
            part if !part.parts.is_empty() => object(part, name),
            Use { shown: true, .. } => json!({ "type": "string" }),
            _ => json!({}),
        };
        schema.allow(name, part);
    }
    schema.into_schema(title)
}
