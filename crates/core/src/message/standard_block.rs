//! Typed content blocks, the same for all providers.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::block_types::{
    MediaBlock, PlainTextBlock, ReasoningBlock, ServerToolCallBlock, ServerToolCallChunkBlock,
    ServerToolResultBlock, TextBlock,
};
use super::{ContentBlock, InvalidToolCall, ToolCall, ToolCallChunk};

/// A typed content block in a form that is the same for all providers; see
/// [`Message::content_blocks`](crate::Message::content_blocks).
///
/// In JSON it is an object with a `type`, which can be stored in a [`ContentBlock`] or a message.
///
/// # Example
/// ```
/// use catena_core::{MediaBlock, Message, StandardBlock, TextBlock};
/// let question = vec![
///     StandardBlock::Text(TextBlock::new("What is this?")),
///     StandardBlock::Image(MediaBlock::url("https://e.org/cat.png")),
/// ];
/// let message = Message::human(question.clone());
/// assert_eq!(message.content_blocks(), question);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StandardBlock {
    /// A text.
    Text(TextBlock),
    /// The reasoning of a model.
    Reasoning(ReasoningBlock),
    /// An image.
    Image(MediaBlock),
    /// Audio.
    Audio(MediaBlock),
    /// A video.
    Video(MediaBlock),
    /// A file.
    File(MediaBlock),
    /// A plain-text document.
    PlainText(PlainTextBlock),
    /// A tool call.
    ToolCall(ToolCall),
    /// A chunk of a tool call.
    ToolCallChunk(ToolCallChunk),
    /// A tool call whose arguments could not be parsed.
    InvalidToolCall(InvalidToolCall),
    /// A call of a tool that the provider executes.
    ServerToolCall(ServerToolCallBlock),
    /// A chunk of such a call.
    ServerToolCallChunk(ServerToolCallChunkBlock),
    /// The result of such a call.
    ServerToolResult(ServerToolResultBlock),
    /// A provider-specific block, unchanged.
    NonStandard(Map<String, Value>),
}

impl StandardBlock {
    /// Converts data to a block, according to its `type`. A block of a non-standard type, or without a required member,
    /// becomes [`NonStandard`](StandardBlock::NonStandard).
    ///
    /// # Example
    /// ```
    /// use catena_core::StandardBlock;
    /// use serde_json::json;
    /// let data = json!({"type": "zzz", "x": 1}).as_object().cloned().unwrap_or_default();
    /// assert_eq!(StandardBlock::from_data(data.clone()), StandardBlock::NonStandard(data));
    /// ```
    pub fn from_data(data: Map<String, Value>) -> Self {
        Self::read(&data).unwrap_or(Self::NonStandard(data))
    }

    fn read(data: &Map<String, Value>) -> Option<Self> {
        fn typed<T: de::DeserializeOwned>(data: &Map<String, Value>) -> Option<T> {
            let mut data = data.clone();
            data.remove("type");
            serde_json::from_value(Value::Object(data)).ok()
        }
        Some(match data.get("type")?.as_str()? {
            "text" => Self::Text(typed(data)?),
            "reasoning" => Self::Reasoning(typed(data)?),
            "image" => Self::Image(typed(data)?),
            "audio" => Self::Audio(typed(data)?),
            "video" => Self::Video(typed(data)?),
            "file" => Self::File(typed(data)?),
            "text-plain" => Self::PlainText(typed(data)?),
            "tool_call" => Self::ToolCall(typed(data)?),
            "tool_call_chunk" => Self::ToolCallChunk(typed(data)?),
            "invalid_tool_call" => Self::InvalidToolCall(typed(data)?),
            "server_tool_call" => Self::ServerToolCall(typed(data)?),
            "server_tool_call_chunk" => Self::ServerToolCallChunk(typed(data)?),
            "server_tool_result" => Self::ServerToolResult(typed(data)?),
            "non_standard" => match data.get("value")? {
                Value::Object(value) if data.len() == 2 => Self::NonStandard(value.clone()),
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Returns the `type` of the block.
    ///
    /// # Example
    /// ```
    /// use catena_core::{StandardBlock, TextBlock};
    /// assert_eq!(StandardBlock::Text(TextBlock::new("Hi")).kind(), "text");
    /// ```
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Reasoning(_) => "reasoning",
            Self::Image(_) => "image",
            Self::Audio(_) => "audio",
            Self::Video(_) => "video",
            Self::File(_) => "file",
            Self::PlainText(_) => "text-plain",
            Self::ToolCall(_) => "tool_call",
            Self::ToolCallChunk(_) => "tool_call_chunk",
            Self::InvalidToolCall(_) => "invalid_tool_call",
            Self::ServerToolCall(_) => "server_tool_call",
            Self::ServerToolCallChunk(_) => "server_tool_call_chunk",
            Self::ServerToolResult(_) => "server_tool_result",
            Self::NonStandard(_) => "non_standard",
        }
    }

    /// Converts the block to data.
    ///
    /// # Example
    /// ```
    /// use catena_core::{StandardBlock, TextBlock};
    /// assert_eq!(StandardBlock::Text(TextBlock::new("Hi")).into_data()["text"], "Hi");
    /// ```
    pub fn into_data(self) -> Map<String, Value> {
        let kind = self.kind();
        let data = match &self {
            Self::Text(block) => serde_json::to_value(block),
            Self::Reasoning(block) => serde_json::to_value(block),
            Self::Image(block) | Self::Audio(block) | Self::Video(block) | Self::File(block) => {
                serde_json::to_value(block)
            }
            Self::PlainText(block) => serde_json::to_value(block),
            Self::ToolCall(block) => serde_json::to_value(block),
            Self::ToolCallChunk(block) => serde_json::to_value(block),
            Self::InvalidToolCall(block) => serde_json::to_value(block),
            Self::ServerToolCall(block) => serde_json::to_value(block),
            Self::ServerToolCallChunk(block) => serde_json::to_value(block),
            Self::ServerToolResult(block) => serde_json::to_value(block),
            Self::NonStandard(value) => Ok(serde_json::json!({ "value": value })),
        };
        let mut data = match data {
            Ok(Value::Object(data)) => data,
            // Unreachable: everything above serializes as an object.
            _ => Map::new(),
        };
        data.insert("type".to_owned(), kind.into());
        data
    }
}

impl From<StandardBlock> for ContentBlock {
    fn from(block: StandardBlock) -> Self {
        match block {
            // Provider-specific blocks are stored in the provider's own format.
            StandardBlock::NonStandard(value) => Self::Data(value),
            block => Self::Data(block.into_data()),
        }
    }
}

impl Serialize for StandardBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.clone().into_data().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StandardBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn blocks_come_out_as_they_went_in() {
        for block in [
            json!({"type": "text", "text": "t", "annotations": [{"type": "citation", "url": "u", "start_index": 1, "x": 2}, {"type": "other", "y": 1}]}),
            json!({"type": "reasoning", "reasoning": "hm", "index": 0, "extras": {"signature": "s"}}),
            json!({"type": "image", "base64": "QQ==", "mime_type": "image/png", "id": "b1"}),
            json!({"type": "audio", "url": "u", "new_member": [1]}),
            json!({"type": "video", "file_id": "f"}),
            json!({"type": "file", "file_id": "f", "filename": "a.pdf"}),
            json!({"type": "text-plain", "text": "t", "mime_type": "text/plain"}),
            json!({"type": "tool_call", "name": "f", "args": {"a": 1}, "id": "c1", "index": 2}),
            json!({"type": "tool_call_chunk", "name": "f", "args": "{", "id": null, "index": 0}),
            json!({"type": "invalid_tool_call", "name": "f", "args": "x", "id": null, "error": "e"}),
            json!({"type": "server_tool_call", "name": "web_search", "args": {"q": "x"}, "id": "s"}),
            json!({"type": "server_tool_call_chunk", "args": "{"}),
            json!({"type": "server_tool_result", "tool_call_id": "s", "status": "success", "output": [1]}),
            json!({"type": "non_standard", "value": {"type": "zzz", "x": 1}}),
        ] {
            let read: StandardBlock = serde_json::from_value(block.clone()).expect("a block");
            assert_eq!(block["type"], read.kind());
            assert_eq!(serde_json::to_value(&read).expect("JSON"), block);
        }
    }
}
