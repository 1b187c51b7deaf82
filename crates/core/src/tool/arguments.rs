//! The arguments of a call against their schema.

use serde_json::{Map, Value};

use crate::Data;
use crate::schema::{listed, violations};

/// What the model gave as JSON. A text is the one argument of a tool that has one.
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

/// The arguments with the defaults of those that are absent.
///
/// # Errors
/// What does not fit, in words that a model can follow.
pub(super) fn checked(schema: &Value, mut arguments: Value) -> Result<Value, String> {
    match &violations(schema, &arguments)[..] {
        [] => {
            add_defaults(schema, &mut arguments);
            Ok(arguments)
        }
        broken => Err(listed(broken)),
    }
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
