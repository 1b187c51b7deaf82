//! Composition and decomposition of object schemas.

use serde_json::{Map, Value, json};

use super::definitions::Definitions;
use super::{title_of, titled, titled_if_not, type_schema};
use crate::Message;

/// The schema of a record.
///
/// Required names are kept in insertion order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object {
    properties: Map<String, Value>,
    required: Vec<String>,
    definitions: Definitions,
}

impl Object {
    /// Creates the schema of a prompt's variables: required texts with these names.
    pub(crate) fn texts<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut names: Vec<S> = names.into_iter().collect();
        names.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
        let mut object = Self::default();
        names.iter().for_each(|name| object.require(name.as_ref(), json!({ "type": "string" })));
        object
    }

    /// Adds a list of messages. It is optional, unless it is required already.
    pub(crate) fn allow_messages(&mut self, name: &str) {
        self.allow(name, type_schema::<Vec<Message>>().unwrap_or_default());
    }

    /// Parses a schema; `None` unless it is that of a record.
    pub(super) fn read(schema: &Value) -> Option<Self> {
        let mut definitions = Definitions::default();
        let schema = definitions.absorb(schema.clone());
        if schema.get("type")? != "object" {
            return None;
        }
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Self { properties, required, definitions })
    }

    /// Adds a required value, with a title derived from its name.
    pub(crate) fn require(&mut self, name: &str, schema: Value) {
        self.allow(name, titled(schema, title_of(name)));
        if !self.required.iter().any(|present| present == name) {
            self.required.push(name.to_owned());
        }
    }

    /// Adds an optional value.
    pub(crate) fn allow(&mut self, name: &str, schema: Value) {
        let schema = titled_if_not(self.definitions.absorb(schema), || title_of(name));
        self.properties.insert(name.to_owned(), schema);
    }

    /// Merges another schema, which takes precedence for names in both.
    pub(super) fn extend(&mut self, other: Self) {
        let whole = other.definitions.write_to(json!({ "properties": other.properties }));
        if let Value::Object(mut whole) = self.definitions.absorb(whole)
            && let Some(Value::Object(properties)) = whole.remove("properties")
        {
            self.properties.extend(properties);
        }
        for name in other.required {
            if !self.required.contains(&name) {
                self.required.push(name);
            }
        }
    }

    /// Keeps only the values for whose names `keep` returns true.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.properties.retain(|name, _| keep(name));
        let properties = &self.properties;
        self.required.retain(|name| properties.contains_key(name));
    }

    /// Returns the schema of one value.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        Some(self.definitions.write_to(self.properties.get(name)?.clone()))
    }

    /// Converts to a schema with this title.
    pub(crate) fn into_schema(self, title: impl Into<String>) -> Value {
        let mut schema = json!({ "title": title.into(), "type": "object", "properties": self.properties });
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        self.definitions.write_to(schema)
    }
}
