//! Standard content blocks of a message, and what of them two sides are compared by.

use catena::{Data, Message};
use serde_json::{Map, Value, json};

/// The blocks, of which the last piece of a stream has whole calls.
pub(super) fn content_blocks(message: Message, is_last: bool) -> Data {
    let blocks = match message {
        Message::Ai(message) if is_last => message.into_whole().content_blocks(),
        message => message.content_blocks(),
    };
    serde_json::to_value(blocks).unwrap_or_default().into()
}

/// The blocks without what has no one form: no ids are made up, a list of no citations is none, a call always has
/// arguments, the index of a piece of a call is a number, and that of a block that only one provider knows stays in it.
pub(super) fn comparable(blocks: Data) -> Data {
    match blocks.into_json() {
        Value::Array(blocks) => blocks.into_iter().map(comparable_block).collect::<Vec<_>>().into(),
        other => other.into(),
    }
}

fn comparable_block(block: Value) -> Data {
    let Value::Object(mut block) = block else { return block.into() };
    block.retain(|_, value| value != "<auto-id>");
    match block.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" if block.get("annotations").is_some_and(|list| *list == json!([])) => {
            block.remove("annotations");
        }
        "server_tool_call" => drop(block.entry("args").or_insert_with(|| Map::new().into())),
        "tool_call_chunk" => {
            let index =
                block.get("index").and_then(Value::as_str).and_then(|text| text.strip_prefix("lc_tc_"));
            if let Some(index) = index.and_then(|index| index.parse::<i64>().ok()) {
                block.insert("index".to_owned(), index.into());
            }
        }
        "non_standard" => {
            block.remove("index");
            block.get_mut("value").and_then(Value::as_object_mut).map(|value| value.remove("index"));
        }
        _ => {}
    }
    Value::from(block).into()
}
