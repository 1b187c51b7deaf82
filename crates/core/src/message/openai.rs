//! Conversion of messages to the format of OpenAI's chat API.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::like::invalid;
use super::openai_block::Blocks;
use super::python_text::spaced_json;
use super::{Content, ContentBlock, Message, ToolCall};
use crate::{Data, Error, ErrorKind, Result};

/// The representation of text content in OpenAI's format.
///
/// # Example
/// ```
/// use catena_core::TextFormat;
/// assert_eq!("block".parse::<TextFormat>()?, TextFormat::Block);
/// assert!("html".parse::<TextFormat>().is_err());
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TextFormat {
    /// A single string, if there is nothing but text.
    #[default]
    String,
    /// Always a list of blocks.
    Block,
}

impl FromStr for TextFormat {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "string" => Ok(Self::String),
            "block" => Ok(Self::Block),
            other => Err(invalid(format!(
                "unrecognized text_format='{other:.40}', expected one of 'string' or 'block'"
            ))),
        }
    }
}

/// Converts messages to OpenAI's format.
///
/// # Example
/// ```
/// use catena_core::{Message, OpenAiForm, TextFormat};
/// let form = OpenAiForm::new().with_text_format(TextFormat::Block);
/// let message = &form.convert(&[Message::human("Hi")])?[0];
/// assert_eq!(message["content"][0]["text"], "Hi");
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenAiForm {
    /// The representation of text content.
    pub text_format: TextFormat,
    /// Whether message ids are included.
    pub include_id: bool,
    /// Whether blocks unknown to OpenAI are passed through instead of being an error.
    pub pass_through_unknown_blocks: bool,
}

impl Default for OpenAiForm {
    fn default() -> Self {
        Self { text_format: TextFormat::String, include_id: false, pass_through_unknown_blocks: true }
    }
}

/// Converts messages, including blocks of other providers, to OpenAI's chat format with [`OpenAiForm`] and its
/// defaults.
///
/// # Errors
/// Those of [`OpenAiForm::convert`].
///
/// # Example
/// ```
/// use catena_core::{convert_to_openai_messages, Message};
/// use serde_json::json;
/// let messages = convert_to_openai_messages(&[Message::system("Be brief."), Message::human("Hi")])?;
/// assert_eq!(messages, [json!({"role": "system", "content": "Be brief."}), json!({"role": "user", "content": "Hi"})]);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub fn convert_to_openai_messages(messages: &[Message]) -> Result<Vec<Value>> {
    OpenAiForm::default().convert(messages)
}

impl OpenAiForm {
    /// Creates a converter with the defaults: texts as strings, no ids, unknown blocks passed through.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the representation of text content.
    #[must_use]
    pub fn with_text_format(mut self, format: TextFormat) -> Self {
        self.text_format = format;
        self
    }

    /// Sets whether message ids are included.
    #[must_use]
    pub fn with_id(mut self, include_id: bool) -> Self {
        self.include_id = include_id;
        self
    }

    /// Sets whether blocks unknown to OpenAI are passed through instead of being an error.
    #[must_use]
    pub fn with_unknown_blocks(mut self, pass_through: bool) -> Self {
        self.pass_through_unknown_blocks = pass_through;
        self
    }

    /// Converts messages. One message may become several, as each tool result is a separate message.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the location, `messages[i].content[j]`, of a
    /// block that lacks a member or, unless passed through, is unknown to OpenAI; also for a
    /// [`RemoveMessage`](crate::RemoveMessage), which is not meant for a model.
    pub fn convert(&self, messages: &[Message]) -> Result<Vec<Value>> {
        let mut converted = Vec::with_capacity(messages.len());
        for (index, message) in messages.iter().enumerate() {
            converted.extend(self.convert_one(index, message)?);
        }
        Ok(converted)
    }

    /// Converts the message at `index` of a conversation, followed by its tool results.
    ///
    /// # Errors
    /// Those of [`convert`](OpenAiForm::convert).
    ///
    /// # Example
    /// ```
    /// use catena_core::{Message, OpenAiForm};
    /// assert_eq!(OpenAiForm::new().convert_one(0, &Message::ai("Hi"))?[0]["role"], "assistant");
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub fn convert_one(&self, index: usize, message: &Message) -> Result<Vec<Value>> {
        if let Message::Remove(remove) = message {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "messages[{index}] removes the message `{:.100}` and cannot be sent to a model: apply it to the history first",
                    remove.id
                ),
            ));
        }
        let mut form = self.head(message);
        let mut calls: Vec<Value> = message.tool_calls().iter().map(openai_call).collect();
        let (content, results) = match message.content() {
            content if content.is_empty() => (self.no_content(), Vec::new()),
            Content::Text(text) => (self.text_content(text.clone()), Vec::new()),
            Content::Blocks(blocks) if self.text_format == TextFormat::String && all_text(blocks) => {
                (joined(blocks), Vec::new())
            }
            Content::Blocks(blocks) => {
                let ids = message.tool_calls().iter().filter_map(|call| call.id.as_deref());
                let known = matches!(message, Message::Ai(_)).then(|| ids.collect());
                let mut converter = Blocks::new(self, index, known);
                for (place, block) in blocks.iter().enumerate() {
                    converter.add(place, block)?;
                }
                calls.extend(converter.calls);
                (self.simplified(converter.parts), converter.results)
            }
        };
        if !calls.is_empty() {
            form.insert("tool_calls".to_owned(), calls.into());
        }
        let says_nothing = is_empty(&content) && !results.is_empty();
        form.insert("content".to_owned(), content);
        let message = (!says_nothing).then_some(Value::Object(form));
        Ok(message.into_iter().chain(results).collect())
    }

    /// Converts everything but the content and tool calls.
    fn head(&self, message: &Message) -> Map<String, Value> {
        let mut form = Map::from_iter([("role".to_owned(), openai_role(message).into())]);
        let refusal = match message {
            Message::Ai(message) => message.refusal.as_deref().map(Value::from),
            _ => None,
        };
        let refusal = refusal.or_else(|| message.additional_kwarg("refusal").cloned());
        let tool_call_id = match message {
            Message::Tool(message) => Some(message.tool_call_id.as_str().into()),
            _ => None,
        };
        let id = message.id().filter(|_| self.include_id).map(Value::from);
        for (name, value) in [
            ("name", message.name().map(Value::from)),
            ("refusal", refusal),
            ("tool_call_id", tool_call_id),
            ("id", id),
        ] {
            if let Some(value) = value.filter(|value| !is_empty(value)) {
                form.insert(name.to_owned(), value);
            }
        }
        form
    }

    fn no_content(&self) -> Value {
        match self.text_format {
            TextFormat::String => "".into(),
            TextFormat::Block => json!([]),
        }
    }

    pub(super) fn text_content(&self, text: String) -> Value {
        match self.text_format {
            TextFormat::String => text.into(),
            TextFormat::Block => json!([{ "type": "text", "text": text }]),
        }
    }

    /// Joins parts to one string, if they are all text and strings are requested.
    fn simplified(&self, parts: Vec<Value>) -> Value {
        let texts: Option<Vec<&str>> =
            parts.iter().map(|part| part["text"].as_str().filter(|_| part["type"] == "text")).collect();
        match texts {
            Some(texts) if self.text_format == TextFormat::String => texts.join("\n").into(),
            _ => parts.into(),
        }
    }
}

fn all_text(blocks: &[ContentBlock]) -> bool {
    blocks.iter().all(|block| block.as_text().is_some())
}

fn joined(blocks: &[ContentBlock]) -> Value {
    blocks.iter().filter_map(ContentBlock::as_text).collect::<Vec<_>>().join("\n").into()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Returns OpenAI's name of the message's role.
pub(super) fn openai_role(message: &Message) -> &str {
    match message {
        Message::Ai(_) => "assistant",
        Message::Human(_) => "user",
        Message::Tool(_) => "tool",
        Message::Function(_) => "function",
        Message::System(_) => {
            message.additional_kwarg("__openai_role__").and_then(Value::as_str).unwrap_or("system")
        }
        Message::Chat(message) => &message.role,
        Message::Remove(_) => "remove",
    }
}

fn openai_call(call: &ToolCall) -> Value {
    let arguments = spaced_json(&Data::Record(call.args.clone()), false);
    json!({ "type": "function", "id": call.id, "function": { "name": call.name, "arguments": arguments } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AiMessage, FunctionMessage};

    #[test]
    fn messages_have_openais_roles() {
        let mut refused = AiMessage::new("");
        refused.refusal = Some("No.".into());
        let messages = [
            Message::system("s"),
            refused.into(),
            Message::tool("t", "c1"),
            FunctionMessage::new("fn", "f").into(),
            Message::chat("custom", "c"),
        ];
        let expected = [
            json!({"role": "system", "content": "s"}),
            json!({"role": "assistant", "content": "", "refusal": "No."}),
            json!({"role": "tool", "tool_call_id": "c1", "content": "t"}),
            json!({"role": "function", "name": "fn", "content": "f"}),
            json!({"role": "custom", "content": "c"}),
        ];
        assert_eq!(convert_to_openai_messages(&messages).expect("converted"), expected);
    }

    #[test]
    fn tool_calls_are_written_with_their_arguments_as_text() {
        let call = ToolCall::new("f", [("z", "é"), ("a", "b")]).with_id("c1");
        let message = Message::from(AiMessage::new("").with_tool_calls([call]));
        let call = json!({"type": "function", "id": "c1",
            "function": {"name": "f", "arguments": "{\"z\": \"é\", \"a\": \"b\"}"}});
        assert_eq!(
            convert_to_openai_messages(&[message]).expect("converted"),
            [json!({"role": "assistant", "content": "", "tool_calls": [call]})]
        );
    }
}
