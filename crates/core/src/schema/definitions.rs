//! Merging of the definitions that schemas refer to.

use serde_json::{Map, Value, json};

const KEY: &str = "$defs";
const REFERENCE: &str = "$ref";

/// The definitions of several schemas that are merged into one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Definitions(Map<String, Value>);

impl Definitions {
    /// Takes over the definitions of `schema` and returns it without them. References are renamed if two schemas use
    /// the same name for different definitions, or if a schema refers to itself as a whole.
    pub(super) fn absorb(&mut self, mut schema: Value) -> Value {
        let own = schema.as_object_mut().and_then(|schema| schema.remove(KEY));
        let Some(Value::Object(own)) = own else { return self.absorb_whole(schema) };
        let renamed: Vec<(String, String)> = own
            .iter()
            .map(|(name, definition)| (name.clone(), self.name_for(name, definition)))
            .filter(|(name, free)| name != free)
            .collect();
        let follow = |target: &str| {
            let name = target.strip_prefix("#/$defs/")?;
            let (_, free) = renamed.iter().find(|(old, _)| old == name)?;
            Some(reference(free))
        };
        for (name, mut definition) in own {
            change_references(&mut definition, &follow);
            let name = renamed.iter().find(|(old, _)| *old == name).map_or(name, |(_, free)| free.clone());
            self.0.insert(name, definition);
        }
        change_references(&mut schema, &follow);
        self.absorb_whole(schema)
    }

    /// Converts a schema that refers to itself as a whole to a definition, so that it can become part of another.
    fn absorb_whole(&mut self, mut schema: Value) -> Value {
        let name = self.free_name(&definition_name(&schema));
        let mut refers_to_itself = false;
        change_references(&mut schema, &|target| (target == "#").then(|| reference(&name)));
        let target = reference(&name);
        each_reference(&schema, &mut |found| refers_to_itself |= found == target);
        if !refers_to_itself {
            return schema;
        }
        self.0.insert(name, schema);
        json!({ REFERENCE: target })
    }

    /// Makes a schema a definition under its title and returns a reference to it, unless it is a reference already.
    pub(super) fn define(&mut self, schema: Value) -> Value {
        if schema.get(REFERENCE).is_some() {
            return schema;
        }
        let name = self.name_for(&definition_name(&schema), &schema);
        self.0.insert(name.clone(), schema);
        json!({ REFERENCE: reference(&name) })
    }

    /// Returns the schema with the definitions that it needs.
    pub(super) fn write_to(&self, mut schema: Value) -> Value {
        let mut needed = Map::new();
        let mut open = vec![&schema];
        while let Some(part) = open.pop() {
            each_reference(part, &mut |target| {
                let definition = target.strip_prefix("#/$defs/").and_then(|name| self.0.get_key_value(name));
                if let Some((name, definition)) = definition
                    && !needed.contains_key(name)
                {
                    needed.insert(name.clone(), definition.clone());
                    open.push(definition);
                }
            });
        }
        if let Value::Object(schema) = &mut schema
            && !needed.is_empty()
        {
            schema.insert(KEY.to_owned(), Value::Object(needed));
        }
        schema
    }

    /// Returns this name if it is unused or has the same definition, otherwise a similar one.
    fn name_for(&self, name: &str, definition: &Value) -> String {
        if self.0.get(name) == Some(definition) { name.to_owned() } else { self.free_name(name) }
    }

    fn free_name(&self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut count = 1;
        while self.0.contains_key(&free) {
            count += 1;
            free = format!("{name}_{count}");
        }
        free
    }
}

fn reference(name: &str) -> String {
    format!("#/$defs/{name}")
}

/// Returns the name of a definition: the title, with characters other than letters, digits and `.-_` replaced.
pub(super) fn definition_name(schema: &Value) -> String {
    let title = schema.get("title").and_then(Value::as_str).unwrap_or("Value");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
    title.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

fn change_references(schema: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                let changed = member.as_str().filter(|_| key == REFERENCE).and_then(change);
                match changed {
                    Some(target) => *member = Value::String(target),
                    None => change_references(member, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| change_references(item, change)),
        _ => {}
    }
}

fn each_reference(schema: &Value, found: &mut dyn FnMut(&str)) {
    match schema {
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_str() {
                    Some(target) if key == REFERENCE => found(target),
                    _ => each_reference(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schemas: &[Value], parts: &[Value], definitions: Value) {
        let mut all = Definitions::default();
        let absorbed: Vec<Value> = schemas.iter().map(|schema| all.absorb(schema.clone())).collect();
        assert_eq!(absorbed, parts);
        assert_eq!(all.write_to(json!({ "all": absorbed }))[KEY], definitions);
    }

    #[test]
    fn one_name_for_two_things_is_changed() {
        let of = |kind: &str| json!({"items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"type": kind}}});
        check(
            &[of("x"), of("x")],
            &vec![json!({"items": {"$ref": "#/$defs/A"}}); 2],
            json!({"A": {"type": "x"}}),
        );
        check(
            &[of("x"), of("y")],
            &[json!({"items": {"$ref": "#/$defs/A"}}), json!({"items": {"$ref": "#/$defs/A_2"}})],
            json!({"A": {"type": "x"}, "A_2": {"type": "y"}}),
        );
    }

    #[test]
    fn what_refers_to_itself_becomes_a_definition() {
        check(
            &[json!({"title": "Tree", "properties": {"left": {"$ref": "#"}}})],
            &[json!({"$ref": "#/$defs/Tree"})],
            json!({"Tree": {"title": "Tree", "properties": {"left": {"$ref": "#/$defs/Tree"}}}}),
        );
    }
}
