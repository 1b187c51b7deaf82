//! The response format.

use catena_core::{Result, convert_to_openai_function};
use serde_json::{Value, json};

/// Converts a `response_format` to wire format. Accepts the wire format itself, `{"name", "schema", ..}`, and a JSON
/// Schema with a title; `strict` says whether the service enforces the schema, by default false.
///
/// # Errors
/// `InvalidInput` for a schema without a title, and for a format with a contradictory `strict`.
pub(crate) fn wire_format(format: &Value, strict: Option<bool>) -> Result<Value> {
    let Value::Object(members) = format else { return Ok(format.clone()) };
    let kind = members.get("type").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != "object") {
        return Ok(format.clone());
    }
    if members.contains_key("name") && members.contains_key("schema") {
        return Ok(json!({ "type": "json_schema", "json_schema": members }));
    }
    let strict = strict.or_else(|| members.get("strict")?.as_bool()).unwrap_or(false);
    let mut members = members.clone();
    if !members.contains_key("name") {
        members.remove("strict");
    }
    let mut described = convert_to_openai_function(&members.into(), Some(strict))?;
    if let Value::Object(described) = &mut described {
        let schema = described.remove("parameters").unwrap_or_else(|| json!({}));
        described.insert("schema".to_owned(), schema);
    }
    Ok(json!({ "type": "json_schema", "json_schema": described }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ErrorKind;

    #[test]
    fn formats_have_one_form_on_the_wire() {
        let check = |format: Value, strict: Option<bool>, expected: Value| {
            assert_eq!(wire_format(&format, strict).expect("a format"), expected, "{format}");
        };
        check(json!({"type": "json_object"}), None, json!({"type": "json_object"}));
        let wire = json!({"type": "json_schema", "json_schema": {"name": "P", "schema": {"type": "object"}}});
        check(wire.clone(), None, wire.clone());
        check(json!({"name": "P", "schema": {"type": "object"}}), None, wire);
        let schema = json!({"title": "P", "description": "d", "type": "object", "properties": {}});
        let wire = |strict: bool, schema: Value| {
            json!({"type": "json_schema",
                "json_schema": {"name": "P", "description": "d", "strict": strict, "schema": schema}})
        };
        check(schema.clone(), None, wire(false, json!({"type": "object", "properties": {}})));
        let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
        check(schema, Some(true), wire(true, closed));
        let error = wire_format(&json!({"type": "object"}), None).expect_err("no title");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = wire_format(&json!({"name": "P", "parameters": {}, "strict": false}), Some(true));
        assert_eq!(error.expect_err("a contradiction").kind(), ErrorKind::InvalidInput);
    }
}
