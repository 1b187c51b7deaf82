//! Values as vectors write them: JSON in which an object with one `$` member stands for something that is not JSON.

use catena::{Data, Message, PromptValue, Record};
use serde_json::Value;

/// The value that tagged JSON stands for.
pub(super) fn decode(data: &Data) -> Data {
    match data {
        Data::List(items) => Data::List(items.iter().map(decode).collect()),
        Data::Record(record) => match tag(record) {
            Some(("$message", message)) => {
                read_message(message).map_or_else(|| Data::clone(data), Data::from)
            }
            Some(("$prompt_value", prompt)) => {
                read_prompt(prompt).map_or_else(|| Data::clone(data), Data::from)
            }
            Some(("$enum", text)) => text.clone(),
            _ => Data::Record(record.iter().map(|(name, value)| (name, decode(value))).collect()),
        },
        other => other.clone(),
    }
}

fn tag(record: &Record) -> Option<(&str, &Data)> {
    record.iter().next().filter(|(name, _)| record.len() == 1 && name.starts_with('$'))
}

/// A message as vectors write it; pieces of messages are messages.
pub(super) fn read_message(data: &Data) -> Option<Message> {
    let Value::Object(mut members) = data.clone().into_json() else { return None };
    let kind = members.get("type")?.as_str().map(whole_type)?;
    members.insert("type".to_owned(), kind.into());
    serde_json::from_value(members.into()).ok()
}

/// The type of the message that a piece of this type belongs to.
fn whole_type(kind: &str) -> String {
    kind.strip_suffix("MessageChunk").map_or_else(|| kind.to_owned(), str::to_lowercase)
}

fn read_prompt(data: &Data) -> Option<PromptValue> {
    match data.get("kind")?.as_text()? {
        "string" => Some(data.get("text")?.as_text()?.into()),
        "chat" => match data.get("messages")? {
            Data::List(messages) => {
                let messages =
                    messages.iter().map(|message| read_message(message.get("$message").unwrap_or(message)));
                Some(messages.collect::<Option<Vec<_>>>()?.into())
            }
            _ => None,
        },
        _ => None,
    }
}

/// The tagged JSON for a value. Errors stay what they are: which kind they are is for the comparison to say.
pub(super) fn encode(data: Data) -> Data {
    match data {
        Data::List(items) => Data::List(items.into_iter().map(encode).collect()),
        Data::Record(record) => {
            record.into_iter().map(|(name, value)| (name, encode(value))).collect::<Record>().into()
        }
        Data::Message(message) => write_message(&message),
        Data::Prompt(prompt) => write_prompt(*prompt),
        json @ Data::Json(_) => encode(json.into_plain()),
        other => other,
    }
}

fn write_message(message: &Message) -> Data {
    let members = serde_json::to_value(message).unwrap_or_default();
    Data::from([("$message", Data::from(members))])
}

fn write_prompt(prompt: PromptValue) -> Data {
    let value = match prompt {
        PromptValue::Text(text) => Data::from([("kind", "string".to_owned()), ("text", text)]),
        other => {
            let messages = other.into_messages().iter().map(write_message).collect();
            Data::from([("kind", Data::from("chat")), ("messages", Data::List(messages))])
        }
    };
    Data::from([("$prompt_value", value)])
}

/// A value as JSON text, without spaces, with members in the order of their names.
pub(super) fn sorted_text(data: &Data) -> String {
    let mut value = data.clone().into_json();
    value.sort_all_objects();
    value.to_string()
}

/// Tagged JSON without the differences that mean nothing: what is empty in a message, which of its pieces is the last,
/// and whether it is called a piece.
pub(super) fn canonical(data: Data) -> Data {
    match data {
        Data::List(items) => Data::List(items.into_iter().map(canonical).collect()),
        Data::Record(record) => match tag(&record) {
            Some(("$message", message)) => Data::from([("$message", canonical_message(message))]),
            _ => record.into_iter().map(|(name, value)| (name, canonical(value))).collect::<Record>().into(),
        },
        other => other,
    }
}

fn canonical_message(message: &Data) -> Data {
    let Some(members) = message.as_record() else { return message.clone() };
    let mut kept = Record::new();
    for (name, value) in members.iter() {
        match (name, value) {
            // Streams of catena end by ending.
            ("chunk_position", _) => {}
            ("type", Data::Text(kind)) => kept.insert("type", whole_type(kind)),
            (_, Data::Null) => {}
            (_, Data::List(items)) if items.is_empty() && name != "content" => {}
            (_, Data::Record(record)) if record.is_empty() => {}
            (name, value) => kept.insert(name, canonical(value.clone())),
        }
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let data: Data = serde_json::from_str(text).expect("JSON");
        let decoded = decode(&data);
        assert_ne!(decoded, data, "{text}");
        assert_eq!(canonical(encode(decoded)), canonical(data));
    }

    #[test]
    fn what_is_decoded_is_encoded_again() {
        check(r#"{"a": [{"$message": {"type": "human", "content": "hi"}}]}"#);
        check(r#"{"$message": {"type": "AIMessageChunk", "content": "hi", "chunk_position": "last"}}"#);
        check(r#"{"$message": {"type": "ai", "content": [{"type": "text", "text": "x"}], "id": "1"}}"#);
        check(r#"{"$prompt_value": {"kind": "string", "text": "x"}}"#);
        check(
            r#"{"$prompt_value": {"kind": "chat", "messages": [{"$message": {"type": "system", "content": "s"}}]}}"#,
        );
    }
}
