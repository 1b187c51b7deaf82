//! Format instructions for a model.

use serde_json::Value;

/// Formats a request for JSON that conforms to this schema.
///
/// The schema is in a code fence, without its top-level title and type.
pub(super) fn instructions(schema: &Value) -> String {
    let mut schema = schema.clone();
    if let Value::Object(members) = &mut schema {
        members.remove("title");
        // The type is omitted only for objects; any other type is not evident from the rest of the schema.
        if members.get("type").is_some_and(|name| name == "object") {
            members.remove("type");
        }
    }
    format!(
        r#"Answer with one JSON value that is an instance of the JSON Schema at the end of these instructions, and with nothing else.

An instance has the properties, not the schema: for the schema {{"properties": {{"colors": {{"type": "array", "items": {{"type": "string"}}}}}}, "required": ["colors"]}}
a good answer is {{"colors": ["red", "green"]}}, and {{"properties": {{"colors": ["red", "green"]}}}} is a bad one.

The schema:
```
{schema}
```"#
    )
}
