//! Converts JSON Schemas to the OpenAPI subset that older models accept.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

/// The maximum depth of references. Anything deeper is assumed to be recursive.
const MAX_DEPTH: usize = 32;

/// Keywords with the same meaning in the subset.
const SAME: [&str; 15] = [
    "description",
    "title",
    "default",
    "example",
    "format",
    "nullable",
    "pattern",
    "propertyOrdering",
    "required",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
];

/// Keywords that do not restrict values, or that the subset implies.
const LEFT_OUT: [&str; 12] = [
    "$schema",
    "$id",
    "$comment",
    "$anchor",
    "$defs",
    "definitions",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "additionalProperties",
    "strict",
];

/// Converts a schema to the service's subset: references are resolved, `null` becomes `nullable`, `const` an `enum`.
///
/// # Errors
/// `Unsupported` for what the subset cannot express, with the position in the schema.
pub(super) fn subset(schema: &Value) -> Result<Value> {
    Converter { root: schema }.convert(schema, "#", 0)
}

struct Converter<'a> {
    root: &'a Value,
}

impl Converter<'_> {
    fn convert(&self, schema: &Value, place: &str, depth: usize) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(wrong(place, "refers to itself, or is nested too deep"));
        }
        let Value::Object(members) = schema else {
            return if *schema == true { Ok(json!({})) } else { Err(wrong(place, "is not an object")) };
        };
        if let Some(reference) = members.get("$ref") {
            let target = self.resolve(reference, place)?;
            let mut converted = self.convert(target, place, depth + 1)?;
            for name in ["description", "title", "default"] {
                if let Some(value) = members.get(name) {
                    converted[name] = value.clone();
                }
            }
            return Ok(converted);
        }
        let mut out = Map::new();
        for (name, value) in members {
            self.member(name, value, place, depth, &mut out)?;
        }
        Ok(out.into())
    }

    fn member(
        &self,
        name: &str,
        value: &Value,
        place: &str,
        depth: usize,
        out: &mut Map<String, Value>,
    ) -> Result<()> {
        let inner = || format!("{place}/{name}");
        match name {
            _ if SAME.contains(&name) => {
                out.insert(name.to_owned(), value.clone());
            }
            _ if LEFT_OUT.contains(&name) => {}
            "type" => types(value, place, out)?,
            "const" => enumerate(std::slice::from_ref(value), place, out)?,
            "enum" => enumerate(value.as_array().map(Vec::as_slice).unwrap_or_default(), place, out)?,
            "properties" => {
                let mut properties = Map::new();
                for (name, schema) in value.as_object().into_iter().flatten() {
                    let place = format!("{place}/properties/{name:.60}");
                    properties.insert(name.clone(), self.convert(schema, &place, depth + 1)?);
                }
                out.insert(name.to_owned(), properties.into());
            }
            "items" => {
                out.insert(name.to_owned(), self.convert(value, &inner(), depth + 1)?);
            }
            "anyOf" | "oneOf" => self.alternatives(value, &inner(), depth, out)?,
            "allOf" => match value.as_array().map(Vec::as_slice) {
                Some([one]) => {
                    if let Value::Object(members) = self.convert(one, &inner(), depth + 1)? {
                        members.into_iter().for_each(|(name, value)| {
                            out.entry(name).or_insert(value);
                        });
                    }
                }
                _ => return Err(wrong(&inner(), "has several schemas at once")),
            },
            _ => return Err(wrong(place, &format!("has `{name:.60}`"))),
        }
        Ok(())
    }

    /// Converts alternatives; `null` among them becomes `nullable`.
    fn alternatives(
        &self,
        value: &Value,
        place: &str,
        depth: usize,
        out: &mut Map<String, Value>,
    ) -> Result<()> {
        let mut schemas = Vec::new();
        for schema in value.as_array().into_iter().flatten() {
            if schema["type"] == "null" {
                out.insert("nullable".to_owned(), true.into());
            } else {
                schemas.push(self.convert(schema, place, depth + 1)?);
            }
        }
        match (schemas.len(), schemas.pop()) {
            (1, Some(Value::Object(only))) => only.into_iter().for_each(|(name, value)| {
                out.entry(name).or_insert(value);
            }),
            (_, last) => {
                schemas.extend(last);
                out.insert("anyOf".to_owned(), schemas.into());
            }
        }
        Ok(())
    }

    fn resolve(&self, reference: &Value, place: &str) -> Result<&Value> {
        let reference = reference.as_str().unwrap_or_default();
        let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        target
            .ok_or_else(|| wrong(place, &format!("refers to `{reference:.60}`, which is not in the schema")))
    }
}

fn types(value: &Value, place: &str, out: &mut Map<String, Value>) -> Result<()> {
    let names: Vec<&str> = match value {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Err(wrong(place, "has a `type` that is not a string")),
    };
    let present: Vec<&str> = names.iter().copied().filter(|name| *name != "null").collect();
    if present.len() < names.len() && !present.is_empty() {
        out.insert("nullable".to_owned(), true.into());
    }
    let upper = |name: &str| Value::String(name.to_ascii_uppercase());
    match present.as_slice() {
        [] => out.insert("type".to_owned(), "NULL".into()),
        [name] => out.insert("type".to_owned(), upper(name)),
        several => {
            let several: Vec<Value> = several.iter().map(|name| json!({ "type": upper(name) })).collect();
            out.insert("anyOf".to_owned(), several.into())
        }
    };
    Ok(())
}

fn enumerate(values: &[Value], place: &str, out: &mut Map<String, Value>) -> Result<()> {
    let mut texts = Vec::new();
    for value in values {
        match value {
            Value::String(_) => texts.push(value.clone()),
            Value::Null => drop(out.insert("nullable".to_owned(), true.into())),
            _ => return Err(wrong(place, "has an `enum` or `const` with values other than strings")),
        }
    }
    out.insert("enum".to_owned(), texts.into());
    out.entry("type").or_insert_with(|| "STRING".into());
    Ok(())
}

fn wrong(place: &str, what: &str) -> Error {
    let message = format!(
        "the schema at `{place:.200}` {what}, which Gemini's older schema format does not support; newer models accept JSON \
         Schemas unchanged: see `with_schema_subset`"
    );
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: Value, expected: Value) {
        assert_eq!(subset(&schema).expect("a schema"), expected, "{schema}");
    }

    #[track_caller]
    fn check_error(schema: Value, part: &str) {
        let error = subset(&schema).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(part), "{error}");
    }

    #[test]
    fn schemas_are_said_in_the_subset() {
        check(
            json!({"$schema": "s", "title": "T", "type": "object", "additionalProperties": false, "required": ["a"],
                "properties": {"a": {"type": "string", "description": "d"}, "b": {"type": ["integer", "null"], "minimum": 1}}}),
            json!({"title": "T", "type": "OBJECT", "required": ["a"],
                "properties": {"a": {"type": "STRING", "description": "d"}, "b": {"type": "INTEGER", "nullable": true, "minimum": 1}}}),
        );
        check(
            json!({"type": "array", "items": {"enum": ["x", "y"]}}),
            json!({"type": "ARRAY", "items": {"type": "STRING", "enum": ["x", "y"]}}),
        );
        check(json!({"const": "x"}), json!({"type": "STRING", "enum": ["x"]}));
        check(
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!({"type": "STRING", "nullable": true}),
        );
        check(
            json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
            json!({"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}),
        );
        check(
            json!({"type": ["string", "number"]}),
            json!({"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}),
        );
        check(
            json!({"allOf": [{"$ref": "#/$defs/P"}], "description": "mine", "$defs": {"P": {"type": "object", "description": "P"}}}),
            json!({"type": "OBJECT", "description": "mine"}),
        );
        check(json!({"type": "null"}), json!({"type": "NULL"}));
    }

    #[test]
    fn what_the_subset_cannot_say_is_an_error_that_says_where() {
        check_error(
            json!({"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"next": {"$ref": "#/$defs/T"}}}}}),
            "refers to itself",
        );
        check_error(json!({"$ref": "#/$defs/None"}), "not in the schema");
        check_error(json!({"properties": {"a": {"enum": [1, 2]}}}), "#/properties/a");
        check_error(json!({"properties": {"a": {"not": {}}}}), "`not`");
        check_error(json!({"allOf": [{}, {}]}), "several");
        check_error(json!(false), "not an object");
    }
}
