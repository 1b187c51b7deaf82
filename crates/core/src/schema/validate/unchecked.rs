//! Detection of unsupported schema rules.

use serde_json::Value;

/// Unsupported keywords that are rules or contain some.
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

/// Returns why the schema cannot be fully checked, if it cannot.
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
        // Maps of names to schemas.
        "properties" | "$defs" | "definitions" => match value {
            Value::Object(schemas) => schemas.values().find_map(|schema| in_schema(root, schema)),
            _ => Some(format!("its `{name}` is not an object")),
        },
        "anyOf" | "oneOf" | "allOf" | "prefixItems" => match value {
            Value::Array(schemas) => schemas.iter().find_map(|schema| in_schema(root, schema)),
            _ => Some(format!("its `{name}` is not an array")),
        },
        // Before draft 2020-12, `prefixItems` was written as a list of `items`.
        "items" if value.is_array() => Some("its `items` is an array: use `prefixItems`".to_owned()),
        "items" | "additionalProperties" | "not" => in_schema(root, value),
        _ => None,
    })
}
