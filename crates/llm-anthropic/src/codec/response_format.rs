//! The response format.

use catena_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::tool::close_objects;

/// Converts a `response_format` to wire format; `None` for plain text. Accepts OpenAI's `{"type": "json_schema", ..}`,
/// `{"name", "schema"}`, a JSON Schema, and the service's own form.
///
/// # Errors
/// `Unsupported` for JSON without a schema, `InvalidInput` for a malformed format.
pub(super) fn wire_format(format: &Value) -> Result<Option<Value>> {
    let Value::Object(members) = format else {
        return if format.is_null() { Ok(None) } else { Err(no_format()) };
    };
    let schema = match members.get("type").and_then(Value::as_str) {
        Some("text") => return Ok(None),
        Some("json_object") => {
            let message =
                "this model does not support JSON without a schema: give `response_format` a schema";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Some("json_schema") => members.get("json_schema").unwrap_or(format).get("schema"),
        _ if members.contains_key("schema") => members.get("schema"),
        _ => Some(format),
    };
    let Some(schema @ Value::Object(_)) = schema else { return Err(no_format()) };
    let mut schema = schema.clone();
    close_objects(&mut schema);
    Ok(Some(json!({ "type": "json_schema", "schema": schema })))
}

fn no_format() -> Error {
    let message = "invalid `response_format`: expected a JSON Schema, or an object that contains one";
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_one_form_on_the_wire() {
        let open = json!({"title": "P", "type": "object", "properties": {"x": {"type": "integer"}}});
        let mut closed = open.clone();
        closed["additionalProperties"] = false.into();
        let wire = json!({"type": "json_schema", "schema": closed});
        for format in [
            json!({"type": "json_schema", "json_schema": {"name": "P", "schema": open, "strict": true}}),
            json!({"type": "json_schema", "schema": open}),
            json!({"name": "P", "schema": open}),
            open,
        ] {
            assert_eq!(wire_format(&format).expect("a format"), Some(wire.clone()), "{format}");
        }
        assert_eq!(wire_format(&json!({"type": "text"})).expect("text"), None);
        assert_eq!(wire_format(&Value::Null).expect("nothing"), None);
    }

    #[test]
    fn what_cannot_be_asked_for_is_an_error() {
        let kind = |format: Value| wire_format(&format).expect_err("an error").kind();
        assert_eq!(kind(json!({"type": "json_object"})), ErrorKind::Unsupported);
        assert_eq!(kind(json!({"type": "json_schema", "json_schema": {}})), ErrorKind::InvalidInput);
        assert_eq!(kind(json!("json")), ErrorKind::InvalidInput);
    }
}
