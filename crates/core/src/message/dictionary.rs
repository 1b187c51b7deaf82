//! Messages in LangChain's dictionary form: `{"type": .., "data": {..}}`.

use serde_json::{Map, Value, json};

use super::like::{from_json, invalid, missing};
use super::{Message, MessageKind};
use crate::{Chunk, Result};

/// Converts messages to dictionaries `{"type", "data"}` with all the members that LangChain writes, including empty
/// ones.
///
/// # Example
/// ```
/// use catena_core::{messages_from_dict, messages_to_dict, Message};
/// let messages = [Message::human("Hi"), Message::ai("Hello")];
/// let dicts = messages_to_dict(&messages);
/// assert_eq!(dicts[0]["data"]["content"], "Hi");
/// assert_eq!(messages_from_dict(dicts)?, messages);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn messages_to_dict(messages: &[Message]) -> Vec<Value> {
    messages.iter().map(to_dict).collect()
}

/// Converts dictionaries `{"type", "data"}` to messages.
///
/// # Errors
/// [`ErrorKind::MissingKey`](crate::ErrorKind::MissingKey) for a dictionary without `type` or `data`, or a tool result
/// without `tool_call_id`; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for an unknown type or members
/// of the wrong type.
///
/// # Example
/// See [`messages_to_dict`].
pub fn messages_from_dict(dicts: impl IntoIterator<Item = Value>) -> Result<Vec<Message>> {
    dicts.into_iter().map(from_dict).collect()
}

fn to_dict(message: &Message) -> Value {
    let mut data = match message.to_json() {
        Value::Object(data) => data,
        // Unreachable: messages serialize as objects.
        _ => Map::new(),
    };
    for (name, value) in complete(message.kind()) {
        data.entry(name).or_insert(value);
    }
    json!({ "type": message.role(), "data": data })
}

/// Returns the members that are always written, with their empty values.
fn complete(kind: MessageKind) -> impl Iterator<Item = (&'static str, Value)> {
    let common = [
        ("additional_kwargs", json!({})),
        ("response_metadata", json!({})),
        ("name", Value::Null),
        ("id", Value::Null),
    ];
    let own = match kind {
        MessageKind::Ai => vec![
            ("tool_calls", json!([])),
            ("invalid_tool_calls", json!([])),
            ("usage_metadata", Value::Null),
        ],
        MessageKind::Tool => vec![("artifact", Value::Null), ("status", json!("success"))],
        _ => Vec::new(),
    };
    common.into_iter().chain(own)
}

fn from_dict(dict: Value) -> Result<Message> {
    let Value::Object(mut dict) = dict else {
        return Err(invalid("a message dictionary must be an object with `type` and `data`"));
    };
    let (Some(kind), Some(data)) = (dict.remove("type"), dict.remove("data")) else {
        return Err(missing("dictionary", "type` and `data"));
    };
    let (Some(kind), Value::Object(mut data)) = (kind.as_str(), data) else {
        return Err(invalid("in a message dictionary `type` must be a string and `data` an object"));
    };
    let whole = kind.strip_suffix("MessageChunk").map(str::to_lowercase);
    let whole = whole.as_deref().unwrap_or(kind);
    whole.parse::<MessageKind>()?;
    if whole != "remove" && !data.contains_key("content") {
        return Err(if whole == "tool" {
            missing(whole, "content")
        } else {
            invalid(format!("missing `content` in a `{whole}` message"))
        });
    }
    if whole == "tool" && !data.contains_key("tool_call_id") {
        return Err(missing(whole, "tool_call_id"));
    }
    if whole == "function" && !data.contains_key("name") {
        return Err(invalid("missing `name` in a `function` message"));
    }
    data.insert("type".to_owned(), whole.into());
    from_json(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, ErrorKind, ToolCall};

    #[test]
    fn dictionaries_are_complete() {
        assert_eq!(
            messages_to_dict(&[Message::tool("t", "c1")]),
            [
                json!({"type": "tool", "data": {"content": "t", "additional_kwargs": {}, "response_metadata": {},
                "type": "tool", "name": null, "id": null, "tool_call_id": "c1", "artifact": null, "status": "success"}})
            ]
        );
        let call = ToolCall::new("f", [("a", 1)]).with_id("c1");
        let mut answer = AiMessage::new("x").with_tool_calls([call]);
        answer.refusal = Some("No.".into());
        let message = Message::from(answer);
        let dicts = messages_to_dict(std::slice::from_ref(&message));
        assert_eq!(dicts[0]["data"]["invalid_tool_calls"], json!([]));
        assert_eq!(messages_from_dict(dicts).expect("messages"), [message]);
    }

    #[test]
    fn what_is_no_dictionary_of_a_message_is_an_error() {
        let kind = |dict: Value| messages_from_dict([dict]).expect_err("no message").kind();
        assert_eq!(kind(json!({"type": "alien", "data": {"content": "x"}})), ErrorKind::InvalidInput);
        assert_eq!(kind(json!({"type": "tool", "data": {"content": "x"}})), ErrorKind::MissingKey);
        assert_eq!(kind(json!({"type": "human", "data": {}})), ErrorKind::InvalidInput);
        assert_eq!(kind(json!({"type": "human"})), ErrorKind::MissingKey);
    }
}
