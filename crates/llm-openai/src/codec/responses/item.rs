//! Items of a request's input.

use serde::Serialize;
use serde_json::{Map, Value};

/// An encoded item.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item<'a> {
    /// A message that is a text, borrowed.
    Text { r#type: &'static str, role: &'a str, content: &'a str },
    /// A tool result that is a text, borrowed.
    Output { r#type: &'static str, output: &'a str, call_id: &'a str },
    /// Anything else.
    Data(Map<String, Value>),
}

impl<'a> Item<'a> {
    pub(super) fn text(role: &'a str, content: &'a str) -> Self {
        Self::Text { r#type: "message", role, content }
    }
}

/// Builds an object of these members.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns an object without the `index` that merges stream chunks, which the service does not support.
pub(super) fn without_index(block: &Map<String, Value>) -> Map<String, Value> {
    let inner = |name: &str, value: &Value| match (name, value) {
        ("summary" | "content", Value::Array(parts)) => parts.iter().map(without_own_index).collect(),
        _ => value.clone(),
    };
    let members = block.iter().filter(|(name, _)| *name != "index");
    members.map(|(name, value)| (name.clone(), inner(name, value))).collect()
}

fn without_own_index(part: &Value) -> Value {
    match part {
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| *name != "index");
            members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
