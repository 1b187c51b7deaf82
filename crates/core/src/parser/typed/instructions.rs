//! What to tell a model about the form of its answer.

use serde_json::Value;

/// Asks for JSON that fits this schema.
///
/// The schema stands between lines of three backticks, without its own title and type.
pub(super) fn instructions(schema: &Value) -> String {
    let mut schema = schema.clone();
    if let Value::Object(members) = &mut schema {
        members.remove("title");
        // A type that is no object's says something that nothing else does.
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
