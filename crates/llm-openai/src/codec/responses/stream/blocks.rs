//! Pieces of an answer as messages of one block.

use catena_core::{AiMessage, Content, ContentBlock, ToolCallChunk};
use serde_json::{Map, Value, json};

use crate::codec::responses::item::object;
use crate::codec::responses::output::call;

/// A message of one block.
pub(super) fn block(index: i64, mut members: Map<String, Value>) -> AiMessage {
    members.insert("index".to_owned(), index.into());
    AiMessage::new(Content::from(vec![ContentBlock::Data(members)]))
}

pub(super) fn text_block<const N: usize>(index: i64, members: [(&str, Value); N]) -> AiMessage {
    block(index, typed("text", members))
}

pub(super) fn reasoning_block<const N: usize>(index: i64, members: [(&str, Value); N]) -> AiMessage {
    block(index, typed("reasoning", members))
}

/// What of a reasoning item only its end tells, its parts numbered as pieces of them are.
pub(super) fn thoughts_of(mut item: Map<String, Value>) -> Map<String, Value> {
    for name in ["summary", "content"] {
        for (at, part) in item.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
            if let Value::Object(part) = part {
                part.insert("index".to_owned(), at.into());
            }
        }
    }
    item.retain(|name, _| ["type", "id", "summary", "content", "encrypted_content"].contains(&name.as_str()));
    item
}

pub(super) fn summary_part(index: u64, text: &str) -> Value {
    json!([{ "index": index, "type": "summary_text", "text": text }])
}

/// A refusal as a block, and as a text unless that was delivered.
pub(super) fn refusal(text: String, delivered: bool) -> AiMessage {
    let refusal = ContentBlock::Data(typed("refusal", [("refusal", text.as_str().into())]));
    let mut message = AiMessage::new(Content::from(vec![refusal]));
    message.refusal = (!delivered).then_some(text);
    message
}

/// The beginning of a call, or all of it.
pub(super) fn function_call(index: i64, mut item: Map<String, Value>, arguments: String) -> AiMessage {
    // It changes until the call is complete.
    item.remove("status");
    item.insert("arguments".to_owned(), arguments.as_str().into());
    let piece = call(&item, index).with_args(arguments);
    let mut message = block(index, item);
    message.push_tool_call_chunk(piece);
    message
}

/// A piece of the arguments of a call.
pub(super) fn arguments(index: i64, text: String) -> AiMessage {
    let mut message = block(index, typed("function_call", [("arguments", text.as_str().into())]));
    message.push_tool_call_chunk(ToolCallChunk::new(index).with_args(text));
    message
}

fn typed<const N: usize>(kind: &str, members: [(&str, Value); N]) -> Map<String, Value> {
    let mut block = object(members);
    block.retain(|_, value| !value.is_null());
    block.insert("type".to_owned(), kind.into());
    block
}
