//! The arguments of a call against their schema.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::Data;
use crate::parser::read_as;
use crate::schema::{coerce, listed, violations};

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

/// The arguments as what the schema asks for, where they mean that, with the defaults of those that are absent.
///
/// # Errors
/// What does not fit, in words that a model can follow.
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

/// The arguments as a `T`; what serde does not take as it is, as what the schema asks for where it means that.
///
/// # Errors
/// What does not fit, in words that a model can follow.
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
