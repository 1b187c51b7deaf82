//! Converts candidates, which are answers or chunks of them, into messages.

use catena_core::{AiMessage, Chunk, Content, ContentBlock, ToolCallChunk};
use serde_json::{Map, Value, json};

use super::envelope::{Candidate, WireCall, WirePart};
use super::finish_reason::common_word;
use super::lenient::keep;
use super::media::media_block;
use super::part::SIGNATURE;

impl Candidate {
    /// Returns its index among the answers. The first is not always numbered.
    pub(super) fn place(&self) -> u64 {
        self.index.as_u64().unwrap_or(0)
    }
}

/// Decodes an answer, complete or in chunks.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The number of tool calls so far.
    calls: u32,
    pub(super) finished: bool,
}

impl Reader {
    /// Adds a candidate's content to a message. `id` is the answer's.
    pub(super) fn read(&mut self, candidate: Candidate, id: Option<&str>, message: &mut AiMessage) {
        for part in candidate.content.and_then(|content| content.parts).unwrap_or_default() {
            self.add_part(part, id, message);
        }
        let metadata = &mut message.metadata;
        keep(candidate.extra, &mut metadata.extra);
        let unspecified = |reason: &String| reason != "FINISH_REASON_UNSPECIFIED";
        if let Some(reason) = candidate.finish_reason.0.filter(unspecified) {
            self.finished = true;
            metadata.finish_reason = Some(common_word(&reason, self.calls > 0));
            metadata.extra.insert("finishReason".to_owned(), reason.into());
        }
    }

    fn add_part(&mut self, part: WirePart, id: Option<&str>, message: &mut AiMessage) {
        let WirePart { text, thought, thought_signature, function_call, inline_data, file_data, extra } =
            part;
        let signature = thought_signature.0;
        let block = match (function_call, inline_data, file_data) {
            (Some(call), ..) => {
                message.push_tool_call_chunk(self.piece(call, id, signature));
                return;
            }
            (None, Some(data), _) => media("data", "base64", data, signature),
            (None, None, Some(data)) => media("fileUri", "url", data, signature),
            (None, None, None) => match text {
                Some(text) => return add_text(text, thought, signature, extra, message),
                None => other(extra, signature),
            },
        };
        if let Some(block) = block {
            push(message, block.into());
        }
    }

    /// Converts a call, which always arrives whole. One without an id is given one that is the same for streamed and
    /// complete answers.
    fn piece(&mut self, call: WireCall, id: Option<&str>, signature: Option<String>) -> ToolCallChunk {
        let index = self.calls;
        self.calls += 1;
        let mut piece = ToolCallChunk::new(i64::from(index));
        piece.id = Some(call.id.0.unwrap_or_else(|| match id {
            Some(answer) => format!("call_{answer}_{index}"),
            None => format!("call_{index}"),
        }));
        piece.name = call.name.0;
        // Serializing `Data` as JSON cannot fail.
        piece.args = call.args.and_then(|args| serde_json::to_string(&args).ok());
        keep(call.extra, &mut piece.extra);
        if let Some(signature) = signature {
            piece.extra.insert(SIGNATURE.to_owned(), signature.into());
        }
        piece
    }
}

/// Adds a text or a thought. A signed one becomes a separate block, so that it can be sent back unchanged.
fn add_text(
    text: String,
    thought: bool,
    signature: Option<String>,
    extra: Map<String, Value>,
    message: &mut AiMessage,
) {
    let Some(signature) = signature else {
        keep(extra, &mut message.metadata.extra);
        if thought {
            message.reasoning.merge(Some(text));
        } else {
            message.content.merge(Content::Text(text));
        }
        return;
    };
    let mut extras = Map::from_iter([(SIGNATURE.to_owned(), signature.into())]);
    keep(extra, &mut extras);
    if thought {
        push(message, json!({ "type": "reasoning", "reasoning": &text, "extras": extras }));
        message.reasoning.merge(Some(text));
    } else {
        push(message, json!({ "type": "text", "text": text, "extras": extras }));
    }
}

fn push(message: &mut AiMessage, block: Value) {
    if let Value::Object(block) = block {
        message.content.merge(Content::from(vec![ContentBlock::Data(block)]));
    }
}

fn media(
    from: &str,
    to: &str,
    mut data: Map<String, Value>,
    signature: Option<String>,
) -> Option<Map<String, Value>> {
    let content = data.remove(from)?;
    let mime_type = data.get("mimeType").and_then(Value::as_str);
    Some(media_block((to, content), mime_type, signature))
}

/// Converts another part to a block in the service's own form, with its name as the type; `None` if it is empty.
fn other(extra: Map<String, Value>, signature: Option<String>) -> Option<Map<String, Value>> {
    let mut block = Map::new();
    keep(extra, &mut block);
    match block.keys().next().cloned() {
        Some(kind) => {
            block.insert("type".to_owned(), kind.into());
            block.extend(signature.map(|signature| ("thoughtSignature".to_owned(), signature.into())));
            Some(block)
        }
        None => signature.and_then(|signature| {
            let block = json!({ "type": "text", "text": "", "extras": { SIGNATURE: signature } });
            block.as_object().cloned()
        }),
    }
}
