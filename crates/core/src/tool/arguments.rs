//! Checking the arguments of a tool call against their schema.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Data;
use crate::parser::read_as;
use crate::schema::{coerce, listed, violations};

/// Converts the arguments to JSON. A string stands for the argument of a tool that has exactly one.
pub(super) fn as_json(arguments: Data, schema: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    match (arguments.into_plain(), properties.filter(|properties| properties.len() == 1)) {
        (Data::Text(text), Some(properties)) => properties
            .keys()
            .map(|name| (name.clone(), Value::from(text.as_str())))
            .collect::<Map<_, _>>()
            .into(),
        (Data::Null, _) => Map::new().into(),
        (arguments, _) => arguments.into_json(),
    }
}

/// Validates the arguments against the schema, coercing values to the expected types where the meaning is clear, and
/// adds the defaults of absent arguments.
///
/// # Errors
/// The violations, in words that a model can follow.
pub(super) fn checked(schema: &Value, mut arguments: Value) -> Result<Value, String> {
    coerce(schema, &mut arguments);
    match &violations(schema, &arguments)[..] {
        [] => {
            add_defaults(schema, &mut arguments);
            Ok(arguments)
        }
        broken => Err(listed(broken)),
    }
}

/// Deserializes the arguments into a `T`. If that fails, coerces values to the types of the schema and tries again.
///
/// # Errors
/// The violations, in words that a model can follow.
pub(super) fn read<T: DeserializeOwned>(schema: &Value, mut arguments: Value) -> Result<T, String> {
    read_as(&arguments, Some(schema)).or_else(|_| {
        coerce(schema, &mut arguments);
        read_as(&arguments, Some(schema))
    })
}

fn add_defaults(schema: &Value, arguments: &mut Value) {
    let (Some(properties), Value::Object(arguments)) =
        (schema.get("properties").and_then(Value::as_object), arguments)
    else {
        return;
    };
    for (name, schema) in properties {
        if let (Some(default), false) = (schema.get("default"), arguments.contains_key(name)) {
            arguments.insert(name.clone(), default.clone());
        }
    }
}
