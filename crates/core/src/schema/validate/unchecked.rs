//! Rules of a schema that are not checked.

use serde_json::Value;

/// Keywords that are rules, or hold some, and are not looked at.
const UNCHECKED: [&str; 14] = [
    "$dynamicRef",
    "$recursiveRef",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "patternProperties",
    "propertyNames",
    "then",
    "unevaluatedProperties",
];

/// Why the schema cannot be checked whole, or followed.
pub(crate) fn unchecked(schema: &Value) -> Option<String> {
    in_schema(schema, schema)
}

fn in_schema(root: &Value, schema: &Value) -> Option<String> {
    let Value::Object(members) = schema else {
        return (!schema.is_boolean()).then(|| format!("{:.60} is not a schema", schema.to_string()));
    };
    members.iter().find_map(|(name, value)| match name.as_str() {
        name if UNCHECKED.contains(&name) => Some(format!("its keyword `{name}` is not supported")),
        "pattern" => super::pattern::unchecked(value),
        "$ref" => super::resolve(root, schema)
            .is_none()
            .then(|| format!("its `$ref` {:.100} cannot be resolved", value.to_string())),
        // Names of the application's own, each with a schema.
        "properties" | "$defs" | "definitions" => match value {
            Value::Object(schemas) => schemas.values().find_map(|schema| in_schema(root, schema)),
            _ => Some(format!("its `{name}` is not an object")),
        },
        "anyOf" | "oneOf" | "allOf" | "prefixItems" => match value {
            Value::Array(schemas) => schemas.iter().find_map(|schema| in_schema(root, schema)),
            _ => Some(format!("its `{name}` is not an array")),
        },
        // A list of schemas is how drafts before 2020-12 say `prefixItems`.
        "items" if value.is_array() => Some("its `items` is an array: use `prefixItems`".to_owned()),
        "items" | "additionalProperties" | "not" => in_schema(root, value),
        _ => None,
    })
}
