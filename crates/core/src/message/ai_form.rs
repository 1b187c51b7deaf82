//! The JSON form of a model's message.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::serde_help::{id, null_is_default, without_type};
use super::tool_arguments::parse;
use super::{AiMessage, Content, InvalidToolCall, ResponseMetadata, ToolCall, ToolCallChunk, Usage};

/// The serialized form. Empty members are omitted.
#[derive(Serialize)]
pub(super) struct Write<'a> {
    content: &'a Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tool_calls: &'a [ToolCall],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    invalid_tool_calls: &'a [InvalidToolCall],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tool_call_chunks: &'a [ToolCallChunk],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_metadata: Option<&'a Usage>,
    response_metadata: &'a ResponseMetadata,
    #[serde(skip_serializing_if = "Map::is_empty")]
    additional_kwargs: &'a Map<String, Value>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

impl<'a> From<&'a AiMessage> for Write<'a> {
    fn from(message: &'a AiMessage) -> Self {
        Self {
            content: &message.content,
            id: message.id.as_deref(),
            name: message.name.as_deref(),
            refusal: message.refusal.as_deref(),
            reasoning: message.reasoning.as_deref(),
            tool_calls: message.tool_calls(),
            invalid_tool_calls: message.invalid_tool_calls(),
            tool_call_chunks: message.tool_call_chunks(),
            usage_metadata: message.usage.as_ref(),
            response_metadata: &message.metadata,
            additional_kwargs: &message.additional_kwargs,
            extra: &message.extra,
        }
    }
}

/// The deserialized form. If there are tool call chunks, the tool calls are derived from them.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Read {
    content: Content,
    #[serde(deserialize_with = "id")]
    id: Option<String>,
    name: Option<String>,
    refusal: Option<String>,
    reasoning: Option<String>,
    #[serde(deserialize_with = "null_is_default")]
    tool_calls: Vec<ToolCall>,
    #[serde(deserialize_with = "null_is_default")]
    invalid_tool_calls: Vec<InvalidToolCall>,
    #[serde(deserialize_with = "null_is_default")]
    tool_call_chunks: Vec<ToolCallChunk>,
    usage_metadata: Option<Usage>,
    #[serde(deserialize_with = "null_is_default")]
    response_metadata: ResponseMetadata,
    #[serde(deserialize_with = "null_is_default")]
    additional_kwargs: Map<String, Value>,
    #[serde(flatten, deserialize_with = "without_type")]
    extra: Map<String, Value>,
}

impl From<Read> for AiMessage {
    fn from(form: Read) -> Self {
        let mut message = Self {
            content: form.content,
            id: form.id,
            name: form.name,
            refusal: form.refusal,
            reasoning: form.reasoning,
            usage: form.usage_metadata,
            metadata: form.response_metadata,
            additional_kwargs: form.additional_kwargs,
            extra: form.extra,
            ..Self::default()
        };
        // The position within a stream follows from the stream itself.
        message.extra.remove("chunk_position");
        if form.tool_call_chunks.is_empty() {
            form.tool_calls.into_iter().for_each(|call| message.push_tool_call(call));
            form.invalid_tool_calls.into_iter().for_each(|call| message.push_invalid_tool_call(call));
        } else {
            form.tool_call_chunks.into_iter().for_each(|piece| message.push_tool_call_chunk(piece));
        }
        if message.calls.is_empty() {
            add_raw_calls(&mut message);
        }
        message
    }
}

/// Takes the calls from `additional_kwargs`, where LangChain keeps them in OpenAI's form.
pub(super) fn add_raw_calls(message: &mut AiMessage) {
    let Some(Value::Array(raw)) = message.additional_kwargs.get("tool_calls") else { return };
    let pieces: Vec<ToolCallChunk> = raw.iter().filter_map(raw_piece).collect();
    for piece in pieces {
        // Only chunks have an index.
        if piece.index.is_some() {
            message.push_tool_call_chunk(piece);
            continue;
        }
        let (name, text) = (piece.name.unwrap_or_default(), piece.args.unwrap_or_default());
        match parse(&text, false) {
            Some(args) => {
                message.push_tool_call(ToolCall { name, args, id: piece.id, ..ToolCall::default() });
            }
            None => {
                let call = InvalidToolCall { id: piece.id, ..InvalidToolCall::new(name, text) };
                message.push_invalid_tool_call(call);
            }
        }
    }
}

/// Parses a call or a chunk of one in OpenAI's form: `{"index", "id", "function": {"name", "arguments": text}}`.
fn raw_piece(raw: &Value) -> Option<ToolCallChunk> {
    let function = raw.get("function")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let arguments = function.get("arguments").filter(|arguments| !arguments.is_null());
    Some(ToolCallChunk {
        index: raw.get("index").and_then(Value::as_i64),
        id: text(raw.get("id")),
        name: text(function.get("name")),
        args: text(arguments).or_else(|| arguments.map(ToString::to_string)),
        ..ToolCallChunk::default()
    })
}
