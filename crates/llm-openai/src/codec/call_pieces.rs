//! Tool calls of answers, whole and in pieces, from servers of many habits.

use std::collections::BTreeMap;

use catena_core::{AiMessage, ToolCallChunk};
use serde_json::{Map, Value};

/// What is known of the calls of an answer while it comes.
#[derive(Debug, Default)]
pub(super) struct CallPieces(BTreeMap<i64, Call>);

#[derive(Debug, Default)]
struct Call {
    id: Option<String>,
    named: bool,
}

impl CallPieces {
    /// Adds the pieces of a list of calls to a message. True if there are any.
    pub(super) fn add(&mut self, calls: Value, message: &mut AiMessage) -> bool {
        let Value::Array(calls) = calls else { return false };
        let mut any = false;
        for (position, call) in calls.into_iter().enumerate() {
            if let Value::Object(call) = call {
                message.push_tool_call_chunk(self.piece(position, call));
                any = true;
            }
        }
        any
    }

    /// A piece without what repeats what is known: the first id and the first name count.
    fn piece(&mut self, position: usize, mut call: Map<String, Value>) -> ToolCallChunk {
        let index = call.remove("index").and_then(|index| index.as_i64());
        let index = index.or_else(|| i64::try_from(position).ok()).unwrap_or(i64::MAX);
        let mut piece = ToolCallChunk::new(index);
        let known = self.0.entry(index).or_default();
        if let Some(id) = text(call.remove("id")) {
            if known.id.as_ref().is_some_and(|known| *known != id) {
                known.named = false;
            }
            known.id = Some(id.clone());
            piece.id = Some(id);
        }
        let (name, arguments) = match (call.remove("function"), call.remove("custom")) {
            (Some(Value::Object(mut function)), _) => (function.remove("name"), function.remove("arguments")),
            (_, Some(Value::Object(mut custom))) => {
                call.insert("custom".to_owned(), true.into());
                (custom.remove("name"), custom.remove("input"))
            }
            _ => (None, None),
        };
        if !known.named {
            piece.name = text(name);
            known.named = piece.name.is_some();
        }
        piece.args = match arguments {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            // Some servers send the arguments as what they are.
            Some(value) => Some(value.to_string()),
        };
        call.remove("type");
        call.retain(|_, value| !value.is_null());
        piece.extra = call;
        piece
    }
}

/// A text that is not empty.
fn text(value: Option<Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
