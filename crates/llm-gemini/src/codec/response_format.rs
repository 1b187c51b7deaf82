//! The response format.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::schema::subset;

/// Sets OpenAI's `response_format`, in its form or as a JSON Schema, among the generation settings.
///
/// # Errors
/// `InvalidInput` for a malformed format, `Unsupported` for one that the service does not support.
pub(super) fn set_response_format(
    format: &Value,
    schema_subset: bool,
    generation: &mut Map<String, Value>,
) -> Result<()> {
    let json = |generation: &mut Map<String, Value>| {
        generation.insert("responseMimeType".to_owned(), "application/json".into());
    };
    match format["type"].as_str() {
        Some("text") => {
            generation.insert("responseMimeType".to_owned(), "text/plain".into());
        }
        Some("json_object") => json(generation),
        Some("json_schema") => {
            // The Responses API does not nest the schema in an object.
            let schema = format["json_schema"].get("schema").or_else(|| format.get("schema"));
            let schema =
                schema.ok_or_else(|| invalid("missing `json_schema.schema` in `response_format`"))?;
            json(generation);
            set_schema(schema, schema_subset, generation)?;
        }
        None if format["schema"].is_object() => {
            json(generation);
            set_schema(&format["schema"], schema_subset, generation)?;
        }
        // A plain JSON Schema.
        kind if is_schema(kind, format) => {
            json(generation);
            set_schema(format, schema_subset, generation)?;
        }
        Some(kind) => {
            let message = format!("Gemini does not support the `response_format` type `{kind:.60}`");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        None => return Err(invalid("missing `type` in `response_format`")),
    }
    Ok(())
}

fn set_schema(schema: &Value, schema_subset: bool, generation: &mut Map<String, Value>) -> Result<()> {
    if schema_subset {
        let place = |error: Error| Error::new(error.kind(), format!("`response_format`: {error}"));
        generation.insert("responseSchema".to_owned(), subset(schema).map_err(place)?);
    } else {
        generation.insert("responseJsonSchema".to_owned(), schema.clone());
    }
    Ok(())
}

fn is_schema(kind: Option<&str>, format: &Value) -> bool {
    let composed = ["properties", "$ref", "anyOf", "oneOf", "allOf", "enum"];
    matches!(kind, Some("object" | "array" | "string" | "number" | "integer" | "boolean"))
        || (kind.is_none() && composed.iter().any(|name| format.get(*name).is_some()))
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(format: Value, schema_subset: bool) -> Result<Value> {
        let mut generation = Map::new();
        set_response_format(&format, schema_subset, &mut generation)?;
        Ok(generation.into())
    }

    #[test]
    fn formats_are_translated() {
        let schema = json!({"type": "string"});
        let format =
            json!({"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema}});
        let json_type = "application/json";
        for (format, schema_subset, expected) in [
            (json!({"type": "text"}), false, json!({"responseMimeType": "text/plain"})),
            (json!({"type": "json_object"}), false, json!({"responseMimeType": json_type})),
            (format.clone(), false, json!({"responseMimeType": json_type, "responseJsonSchema": schema})),
            (format, true, json!({"responseMimeType": json_type, "responseSchema": {"type": "STRING"}})),
            (
                json!({"type": "json_schema", "name": "n", "schema": schema}),
                false,
                json!({"responseMimeType": json_type, "responseJsonSchema": schema}),
            ),
            (
                json!({"title": "n", "type": "object", "properties": {}}),
                false,
                json!({"responseMimeType": json_type, "responseJsonSchema": {"title": "n", "type": "object", "properties": {}}}),
            ),
            (
                json!({"name": "n", "schema": schema}),
                false,
                json!({"responseMimeType": json_type, "responseJsonSchema": schema}),
            ),
            (
                json!({"anyOf": [schema]}),
                false,
                json!({"responseMimeType": json_type, "responseJsonSchema": {"anyOf": [schema]}}),
            ),
        ] {
            assert_eq!(set(format.clone(), schema_subset).expect("a format"), expected, "{format}");
        }
        for (format, kind) in [
            (json!({"type": "grammar"}), ErrorKind::Unsupported),
            (json!({"type": "json_schema"}), ErrorKind::InvalidInput),
            (json!("json"), ErrorKind::InvalidInput),
        ] {
            assert_eq!(set(format, false).expect_err("an error").kind(), kind);
        }
    }
}
