//! Messages and the classes they are written as.

use serde_json::{Map, Value};

use super::{Constructor, Kwargs, Loaded};
use crate::message::message_from_json;
use crate::{Chunk, Data, Message, Result};

/// What makes a message again.
pub(super) fn message_constructor(message: &Message) -> Constructor {
    let mut members = match message.to_json() {
        Value::Object(members) => members,
        // Messages are objects.
        _ => Map::new(),
    };
    let (class, kind) = match message {
        Message::System(_) => ("SystemMessage", "system"),
        Message::Human(_) => ("HumanMessage", "human"),
        // Only pieces of streams have pieces of tool calls.
        Message::Ai(answer) if !answer.tool_call_chunks().is_empty() => ("AIMessageChunk", "AIMessageChunk"),
        Message::Ai(_) => ("AIMessage", "ai"),
        Message::Tool(_) => ("ToolMessage", "tool"),
        Message::Function(_) => ("FunctionMessage", "function"),
        Message::Chat(_) => ("ChatMessage", "chat"),
        Message::Remove(_) => ("RemoveMessage", "remove"),
    };
    members.insert("type".to_owned(), kind.into());
    if members.get("response_metadata").and_then(Value::as_object).is_some_and(Map::is_empty) {
        members.remove("response_metadata");
    }
    if let Message::Ai(_) = message {
        for calls in ["tool_calls", "invalid_tool_calls"] {
            members.entry(calls).or_insert_with(|| Value::Array(Vec::new()));
        }
    }
    let made = Constructor::new(["langchain", "schema", "messages", class]);
    members.into_iter().fold(made, |made, (name, value)| made.with(name, value))
}

/// Makes a message, or a piece of one.
pub(super) fn message(class: &str, kwargs: Kwargs) -> Result<Loaded> {
    let kind = class.strip_suffix("Chunk").unwrap_or(class);
    let kind = kind.strip_suffix("Message").unwrap_or(kind).to_lowercase();
    let mut members: Map<String, Value> =
        kwargs.into_data()?.into_iter().map(|(name, value)| (name, value.into_json())).collect();
    members.retain(|_, value| !value.is_null());
    members.insert("type".to_owned(), kind.into());
    let message = message_from_json(members)?;
    Ok(Loaded::Data(Data::from(message)))
}
