//! Converts the blocks of an answer, complete or streamed, into a message.

use std::collections::BTreeMap;

use catena_core::{AiMessage, Chunk, Content, ContentBlock, Data, Record, ToolCallChunk};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::lenient::Text;

/// The blocks that have started and not ended.
///
/// Text and tool calls are delivered as they arrive, and thinking as reasoning. All other blocks, and thinking once
/// complete, are kept in the service's form, to be sent back unchanged.
#[derive(Debug, Default)]
pub(super) struct AnswerBlocks {
    /// Whether texts are blocks with an index, because citations belong to them.
    cited: bool,
    open: BTreeMap<i64, Open>,
}

#[derive(Debug)]
enum Open {
    /// A text, with unrequested citations.
    Text {
        citations: Vec<Value>,
    },
    /// A tool call, with its initial arguments until deltas arrive.
    Call {
        input: Option<Data>,
    },
    Other {
        members: Map<String, Value>,
        json: String,
    },
}

/// A delta of a block; the block's type decides which member it has.
#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(default, borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(default, borrow)]
    text: Text<'a>,
    #[serde(default, borrow)]
    partial_json: Text<'a>,
}

impl AnswerBlocks {
    pub(super) fn new(cited: bool) -> Self {
        Self { cited, open: BTreeMap::new() }
    }

    /// Starts a block, and adds its initial content to the message. Returns true if there is any.
    pub(super) fn start(&mut self, index: i64, block: Record, message: &mut AiMessage) -> bool {
        let before = self.stop(index, message);
        let kind = block.get("type").and_then(Data::as_text).unwrap_or_default();
        let said = match kind {
            "text" => self.start_text(index, &block, message),
            "tool_use" => self.start_call(index, block, message),
            kind => {
                let thinking = kind == "thinking";
                let members: Map<String, Value> =
                    block.into_iter().map(|(name, value)| (name, value.into_json())).collect();
                let thought = members.get("thinking").filter(|_| thinking).and_then(Value::as_str);
                let said = add_thought(thought.unwrap_or_default(), message);
                self.open.insert(index, Open::Other { members, json: String::new() });
                said
            }
        };
        before || said
    }

    fn start_text(&mut self, index: i64, block: &Record, message: &mut AiMessage) -> bool {
        self.open.insert(index, Open::Text { citations: Vec::new() });
        let text = block.get("text").and_then(Data::as_text).unwrap_or_default();
        let mut said = self.add_text(index, text, message);
        if let Some(Data::List(citations)) = block.get("citations") {
            for citation in citations {
                said |= self.add_citation(index, citation.clone().into_json(), message);
            }
        }
        said
    }

    fn start_call(&mut self, index: i64, block: Record, message: &mut AiMessage) -> bool {
        let mut piece = ToolCallChunk::new(index);
        let mut input = None;
        for (name, value) in block {
            match (name.as_str(), value) {
                ("type", _) | (_, Data::Null) => {}
                ("id", Data::Text(id)) => piece.id = Some(id),
                ("name", Data::Text(name)) => piece.name = Some(name),
                ("input", Data::Record(record)) if record.is_empty() => {}
                ("input", value) => input = Some(value),
                (_, value) => drop(piece.extra.insert(name, value.into_json())),
            }
        }
        self.open.insert(index, Open::Call { input });
        message.push_tool_call_chunk(piece);
        true
    }

    /// Adds a delta of a block to the message, or keeps it until the block ends. Returns true if it has content by
    /// itself.
    ///
    /// # Errors
    /// JSON errors.
    pub(super) fn delta(
        &mut self,
        index: i64,
        delta: &RawValue,
        message: &mut AiMessage,
    ) -> Result<bool, serde_json::Error> {
        let Delta { kind, text, partial_json } = serde_json::from_str(delta.get())?;
        Ok(match kind.as_str().unwrap_or_default() {
            "text_delta" => self.add_text(index, text.as_str().unwrap_or_default(), message),
            "input_json_delta" => self.add_json(index, partial_json, message),
            "citations_delta" => {
                let mut members: Map<String, Value> = serde_json::from_str(delta.get())?;
                let citation = members.remove("citation").unwrap_or_default();
                self.add_citation(index, citation, message)
            }
            kind => self.add_members(index, kind, serde_json::from_str(delta.get())?, message),
        })
    }

    fn add_text(&self, index: i64, text: &str, message: &mut AiMessage) -> bool {
        if text.is_empty() {
            return false;
        }
        message.content.merge(match self.cited {
            false => Content::Text(text.to_owned()),
            true => text_block(json!({ "type": "text", "text": text, "index": index })),
        });
        true
    }

    fn add_citation(&mut self, index: i64, mut citation: Value, message: &mut AiMessage) -> bool {
        if let Value::Object(members) = &mut citation
            && members.get("file_id").is_some_and(Value::is_null)
        {
            // The service rejects it when it is sent back.
            members.remove("file_id");
        }
        if self.cited {
            let block = json!({ "type": "text", "text": "", "index": index, "citations": [citation] });
            message.content.merge(text_block(block));
            return true;
        }
        if let Some(Open::Text { citations }) = self.open.get_mut(&index) {
            citations.push(citation);
        }
        false
    }

    fn add_json(&mut self, index: i64, piece: Text<'_>, message: &mut AiMessage) -> bool {
        let Some(piece) = piece.into_string() else { return false };
        match self.open.get_mut(&index) {
            Some(Open::Other { json, .. }) => {
                json.push_str(&piece);
                return false;
            }
            Some(Open::Call { input }) => *input = None,
            _ => {}
        }
        message.push_tool_call_chunk(ToolCallChunk::new(index).with_args(piece));
        true
    }

    /// Merges the members of a delta into the block: texts are concatenated, otherwise the last value wins.
    fn add_members(
        &mut self,
        index: i64,
        kind: &str,
        piece: Map<String, Value>,
        message: &mut AiMessage,
    ) -> bool {
        let Some(Open::Other { members, .. }) = self.open.get_mut(&index) else { return false };
        let mut said = false;
        for (name, value) in piece {
            if name == "type" || value.is_null() {
                continue;
            }
            if let (true, "thinking", Value::String(thought)) = (kind == "thinking_delta", &*name, &value) {
                said |= add_thought(thought, message);
            }
            match (members.get_mut(&name), value) {
                (Some(Value::String(known)), Value::String(next)) => known.push_str(&next),
                (_, value) => drop(members.insert(name, value)),
            }
        }
        said
    }

    /// Ends a block, and adds what was kept of it to the message. Returns true if there was something.
    pub(super) fn stop(&mut self, index: i64, message: &mut AiMessage) -> bool {
        match self.open.remove(&index) {
            None => false,
            Some(Open::Text { citations }) if citations.is_empty() => false,
            Some(Open::Text { citations }) => {
                let block = json!({ "type": "text", "text": "", "citations": citations });
                message.content.merge(text_block(block));
                true
            }
            Some(Open::Call { input: None }) => false,
            Some(Open::Call { input: Some(input) }) => {
                let args = match input {
                    Data::Text(text) => text,
                    input => serde_json::to_string(&input).unwrap_or_default(),
                };
                message.push_tool_call_chunk(ToolCallChunk::new(index).with_args(args));
                true
            }
            Some(Open::Other { members, json }) => {
                message.content.merge(vec![other_block(members, json)].into());
                true
            }
        }
    }

    /// Ends all blocks at the end of the answer.
    pub(super) fn stop_all(&mut self, message: &mut AiMessage) -> bool {
        let mut said = false;
        while let Some((&index, _)) = self.open.first_key_value() {
            said |= self.stop(index, message);
        }
        said
    }
}

fn add_thought(thought: &str, message: &mut AiMessage) -> bool {
    if thought.is_empty() {
        return false;
    }
    message.reasoning.get_or_insert_default().push_str(thought);
    true
}

/// Builds another block, with arguments that arrived in deltas if it is a server tool call.
fn other_block(mut members: Map<String, Value>, json: String) -> ContentBlock {
    members.retain(|_, value| !value.is_null());
    if !json.is_empty() {
        match serde_json::from_str::<Value>(&json) {
            Ok(input) => members.insert("input".to_owned(), input),
            Err(_) => members.insert("partial_json".to_owned(), json.into()),
        };
    }
    ContentBlock::Data(members)
}

fn text_block(block: Value) -> Content {
    match block {
        Value::Object(members) => vec![ContentBlock::Data(members)].into(),
        _ => Content::default(),
    }
}
