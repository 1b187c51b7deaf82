//! The schemas of common types.

use std::any::TypeId;

use serde_json::{Value, json};

use crate::{AiMessage, HumanMessage, Message, PromptValue, SystemMessage};

/// Returns the schema of a common type: a text, a number, a prompt, a message, or a list of such.
pub(crate) fn type_schema<T: 'static>() -> Option<Value> {
    macro_rules! known {
        ($($($type:ty)|+ => $schema:expr;)*) => {$($(
            if TypeId::of::<T>() == TypeId::of::<$type>() {
                return Some($schema);
            }
            if TypeId::of::<T>() == TypeId::of::<Vec<$type>>() {
                return Some(json!({ "type": "array", "items": $schema }));
            }
            if TypeId::of::<T>() == TypeId::of::<Option<$type>>() {
                return Some(json!({ "anyOf": [$schema, { "type": "null" }] }));
            }
        )+)*};
    }
    known! {
        String | char => json!({ "type": "string" });
        u8 | u16 | u32 | u64 | usize | i8 | i16 | i32 | i64 | isize => json!({ "type": "integer" });
        f32 | f64 => json!({ "type": "number" });
        bool => json!({ "type": "boolean" });
        Message | AiMessage | HumanMessage | SystemMessage => message();
        PromptValue => prompt_value();
    }
    (TypeId::of::<T>() == TypeId::of::<()>()).then(|| json!({ "type": "null" }))
}

fn message() -> Value {
    let content = json!({ "anyOf": [
        { "type": "string" },
        { "type": "array", "items": { "type": "object" } },
    ] });
    json!({ "type": "object", "properties": { "content": content }, "required": ["content"] })
}

/// Returns the schema of the input of a parser.
pub(crate) fn text_or_message() -> Value {
    json!({ "anyOf": [{ "type": "string" }, message()] })
}

/// Returns the schema of a text or a list of messages.
fn prompt_value() -> Value {
    let messages = json!({ "type": "array", "items": message() });
    json!({ "anyOf": [
        { "type": "string" },
        { "type": "object", "properties": { "messages": messages }, "required": ["messages"] },
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_need_no_description() {
        assert_eq!(type_schema::<String>(), Some(json!({ "type": "string" })));
        assert_eq!(
            type_schema::<Vec<u8>>(),
            Some(json!({ "type": "array", "items": { "type": "integer" } }))
        );
        assert_eq!(
            type_schema::<Option<f64>>(),
            Some(json!({ "anyOf": [{ "type": "number" }, { "type": "null" }] }))
        );
        assert_eq!(type_schema::<crate::Data>(), None);
        assert_eq!(type_schema::<AiMessage>().unwrap()["required"], json!(["content"]));
    }
}
