//! Content of messages in wire format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use catena_core::{Content, ContentBlock, Error, ErrorKind, Record, Result};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::call_id::wire_id;
use super::media::{Source, media};
use super::members::Members;

/// The content of a turn or of the system prompt.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WireContent<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

/// A block, borrowed from its message because images are large.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Block<'a> {
    Text(TextBlock<'a>),
    Media {
        #[serde(rename = "type")]
        kind: &'static str,
        source: Source<'a>,
        #[serde(flatten)]
        marks: Marks<'a>,
    },
    Call(ToolUse<'a>),
    Result(ToolResult<'a>),
    /// A block in the service's own format.
    Native(Members<'a>),
    Made(Value),
}

#[derive(Serialize)]
pub(super) struct TextBlock<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    pub(super) text: &'a str,
    #[serde(flatten)]
    marks: Marks<'a>,
}

#[derive(Serialize)]
pub(super) struct ToolUse<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) id: Cow<'a, str>,
    pub(super) name: &'a str,
    /// `None` for invalid arguments.
    #[serde(serialize_with = "or_empty")]
    pub(super) input: Option<&'a Record>,
    /// The caller, and other members that the service expects back.
    #[serde(flatten)]
    pub(super) more: BTreeMap<&'a str, &'a Value>,
}

#[derive(Serialize)]
pub(super) struct ToolResult<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    tool_use_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<WireContent<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_error: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a Value>,
}

fn or_empty<S: Serializer>(input: &Option<&Record>, serializer: S) -> Result<S::Ok, S::Error> {
    match input {
        Some(input) => input.serialize(serializer),
        None => serializer.serialize_map(Some(0))?.end(),
    }
}

/// Members that the service accepts next to the content of a block.
type Marks<'a> = BTreeMap<&'static str, &'a Value>;

impl<'a> Block<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        Self::Text(TextBlock { kind: "text", text, marks: Marks::new() })
    }

    /// Encodes a tool result. A cache mark on a block of its content becomes one on the result.
    ///
    /// # Errors
    /// The errors of encoding the blocks.
    pub(super) fn result(id: &'a str, content: &'a Content, is_error: bool) -> Result<Self> {
        let blocks = content.as_blocks().unwrap_or_default();
        let cache_control = blocks.iter().filter_map(cache_mark).next_back();
        let content = match content {
            Content::Text(text) => (!text.is_empty()).then_some(WireContent::Text(text)),
            Content::Blocks(blocks) => {
                let blocks = blocks.iter().filter_map(|block| encode_block(block).transpose());
                let mut blocks: Vec<Self> = blocks.collect::<Result<_>>()?;
                blocks.iter_mut().for_each(Self::remove_cache_mark);
                (!blocks.is_empty()).then_some(WireContent::Blocks(blocks))
            }
        };
        let tool_use_id = wire_id(id);
        Ok(Self::Result(ToolResult { kind: "tool_result", tool_use_id, content, is_error, cache_control }))
    }

    /// Returns true for a tool result, which must precede everything else in a turn.
    pub(super) fn is_result(&self) -> bool {
        match self {
            Self::Result(_) => true,
            Self::Native(members) => members.kind() == Some("tool_result"),
            _ => false,
        }
    }

    fn remove_cache_mark(&mut self) {
        match self {
            Self::Text(TextBlock { marks, .. }) | Self::Media { marks, .. } => {
                marks.remove("cache_control");
            }
            Self::Native(members) => members.leave_out_marks(),
            _ => {}
        }
    }
}

fn cache_mark(block: &ContentBlock) -> Option<&Value> {
    match block {
        ContentBlock::Data(data) => mark(data, "cache_control"),
        _ => None,
    }
}

/// Returns a member of a block, or of its service-specific extras.
fn mark<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let extras = ["extras", "metadata"].into_iter().filter_map(|place| data.get(place)?.get(name));
    data.get(name).into_iter().chain(extras).find(|value| !value.is_null())
}

fn marks<'a>(data: &'a Map<String, Value>, names: &[&'static str]) -> Marks<'a> {
    names.iter().filter_map(|name| Some((*name, mark(data, name)?))).collect()
}

/// Encodes a block of any message; `None` for an empty text, which the service rejects.
///
/// # Errors
/// `InvalidInput` for a block without a type or without content, `Unsupported` for what the service does not support.
pub(super) fn encode_block(block: &ContentBlock) -> Result<Option<Block<'_>>> {
    let data = match block {
        ContentBlock::Plain(text) => return Ok((!text.trim().is_empty()).then(|| Block::text(text))),
        ContentBlock::Data(data) => data,
        _ => {
            return Err(Error::new(ErrorKind::Unsupported, "unsupported content block"));
        }
    };
    let Some(kind) = data.get("type").and_then(Value::as_str) else {
        return Err(Error::new(ErrorKind::InvalidInput, "missing `type` of a content block"));
    };
    if kind == "text" {
        return Ok(encode_text(data));
    }
    let native = data.contains_key("source");
    if !native && let Some((kind, source)) = media(kind, data)? {
        let names: &[&'static str] = if kind == "document" {
            &["cache_control", "citations", "context", "title"]
        } else {
            &["cache_control"]
        };
        return Ok(Some(Block::Media { kind, source, marks: marks(data, names) }));
    }
    Ok(Some(Block::Native(Members::of_block(data))))
}

fn encode_text(data: &Map<String, Value>) -> Option<Block<'_>> {
    let text = data.get("text").and_then(Value::as_str).filter(|text| !text.trim().is_empty())?;
    let mut marks = marks(data, &["cache_control", "citations"]);
    if marks.get("citations").is_some_and(|citations| citations.as_array().is_none_or(Vec::is_empty)) {
        marks.remove("citations");
    }
    Some(Block::Text(TextBlock { kind: "text", text, marks }))
}

/// Returns true if the service may cite the block's content.
pub(super) fn may_be_cited(block: &ContentBlock) -> bool {
    let ContentBlock::Data(data) = block else { return false };
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default();
    matches!(kind, "document" | "file" | "text-plain" | "search_result")
        && mark(data, "citations")
            .is_some_and(|citations| citations.get("enabled") == Some(&Value::Bool(true)))
}
