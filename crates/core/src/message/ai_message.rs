//! Messages from a chat model.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::ai_form::{Read, Write};
use super::merge_rules::merge_lenient;
use super::response_metadata::keep_last;
use super::tool_calls::ToolCalls;
use super::{Content, InvalidToolCall, ResponseMetadata, ToolCall, ToolCallChunk, Usage};
use crate::Chunk;

/// A chat model's answer, or a chunk of one while it is streamed.
///
/// When chunks are merged, texts and content blocks are joined and tool call chunks assembled; of the usage, the name
/// and each metadata field, the last value is kept. The arguments of tool calls are parsed once, on first access.
///
/// Two answers are equal if their contents are, whether their tool calls arrived whole or in chunks.
///
/// # Example
/// ```
/// use catena_core::{AiMessage, Chunk};
/// let mut answer = AiMessage::new("Bright");
/// answer.merge(AiMessage::new("Smile"));
/// assert_eq!(answer.text(), "BrightSmile");
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Read")]
#[non_exhaustive]
pub struct AiMessage {
    /// The content.
    pub content: Content,
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The name of the speaker.
    pub name: Option<String>,
    /// The reason given for refusing to answer.
    pub refusal: Option<String>,
    /// The model's reasoning, where the provider exposes it. Never part of the text.
    pub reasoning: Option<String>,
    /// The token usage of the call.
    #[doc(alias = "usage_metadata")]
    pub usage: Option<Usage>,
    /// Metadata of the response.
    #[doc(alias = "response_metadata")]
    pub metadata: ResponseMetadata,
    /// Provider-specific fields.
    pub additional_kwargs: Map<String, Value>,
    /// All other members, unchanged.
    pub extra: Map<String, Value>,
    pub(crate) calls: ToolCalls,
}

impl AiMessage {
    /// Creates an answer with this content.
    pub fn new(content: impl Into<Content>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// Adds tool calls.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, ToolCall};
    /// let call = ToolCall::new("get_weather", [("city", "Paris")]).with_id("call_1");
    /// assert_eq!(AiMessage::new("").with_tool_calls([call]).tool_calls()[0].name, "get_weather");
    /// ```
    #[must_use]
    pub fn with_tool_calls(mut self, calls: impl IntoIterator<Item = ToolCall>) -> Self {
        calls.into_iter().for_each(|call| self.push_tool_call(call));
        self
    }

    /// Adds a tool call.
    pub fn push_tool_call(&mut self, call: ToolCall) {
        self.calls.push(call);
    }

    /// Adds a tool call whose arguments could not be parsed.
    pub fn push_invalid_tool_call(&mut self, call: InvalidToolCall) {
        self.calls.push_invalid(call);
    }

    /// Adds a chunk of a tool call.
    pub fn push_tool_call_chunk(&mut self, piece: ToolCallChunk) {
        self.calls.push_chunk(piece);
    }

    /// Keeps only the tool calls for which `keep` returns true.
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, ToolCall};
    /// let mut message = AiMessage::new("").with_tool_calls([ToolCall::default().with_id("call_1")]);
    /// message.retain_tool_calls(|call| call.id.as_deref() != Some("call_1"));
    /// assert!(message.tool_calls().is_empty());
    /// ```
    pub fn retain_tool_calls(&mut self, keep: impl FnMut(&ToolCall) -> bool) {
        let complete = self.is_complete();
        self.calls.retain(complete, keep);
    }

    /// Returns the text of the content, without images and other blocks.
    pub fn text(&self) -> Cow<'_, str> {
        self.content.text()
    }

    /// Returns the tool calls.
    ///
    /// While the answer is being streamed, an incomplete call has the arguments that can be parsed so far. Once the
    /// metadata has a finish reason or a `status`, or the answer was [finalised](AiMessage::into_whole), a call with
    /// truncated arguments is [invalid](AiMessage::invalid_tool_calls) instead, so that it is not executed by mistake.
    ///
    /// # Example
    /// See [`ToolCallChunk`].
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.calls.calls(self.is_complete())
    }

    /// Returns the tool calls whose arguments are not a JSON object.
    ///
    /// # Example
    /// See [`InvalidToolCall`].
    pub fn invalid_tool_calls(&self) -> &[InvalidToolCall] {
        self.calls.invalid(self.is_complete())
    }

    /// Returns the assembled tool call chunks, one per call; empty if the calls arrived whole.
    ///
    /// # Example
    /// See [`ToolCallChunk`].
    pub fn tool_call_chunks(&self) -> &[ToolCallChunk] {
        self.calls.chunks()
    }

    /// Finalises the answer: all tool calls are parsed and no chunks remain. Use it for an answer known to be complete
    /// even if the provider does not say so; a call with truncated arguments becomes
    /// [invalid](AiMessage::invalid_tool_calls).
    ///
    /// # Example
    /// ```
    /// use catena_core::{AiMessage, ToolCallChunk};
    /// let mut answer = AiMessage::default();
    /// answer.push_tool_call_chunk(ToolCallChunk::new(0).with_name("f").with_args("{}"));
    /// let whole = answer.into_whole();
    /// assert_eq!((whole.tool_calls().len(), whole.tool_call_chunks().len()), (1, 0));
    /// ```
    #[must_use]
    #[inline]
    pub fn into_whole(mut self) -> Self {
        self.calls = self.calls.into_whole(true);
        self
    }

    /// Returns a final chunk to merge into this answer if the provider left tool calls unfinished: it makes truncated
    /// calls invalid and gives calls without an id one that begins with `name`.
    pub(crate) fn loose_end(&self, name: impl FnOnce() -> String) -> Option<Self> {
        let open = (!self.is_complete() && self.calls.break_off()) || self.calls.lack_ids();
        open.then(|| Self { calls: ToolCalls::end(name()), ..Self::default() })
    }

    /// Returns whether the provider has reported the end of the answer.
    pub(super) fn is_complete(&self) -> bool {
        // Providers without a finish reason report a status when they are done.
        self.metadata.finish_reason.is_some() || self.metadata.extra.contains_key("status")
    }
}

impl PartialEq for AiMessage {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
            && self.id == other.id
            && self.name == other.name
            && self.refusal == other.refusal
            && self.reasoning == other.reasoning
            && self.usage == other.usage
            && self.metadata == other.metadata
            && self.additional_kwargs == other.additional_kwargs
            && self.extra == other.extra
            && self.tool_calls() == other.tool_calls()
            && self.invalid_tool_calls() == other.invalid_tool_calls()
    }
}

impl Chunk for AiMessage {
    fn merge(&mut self, next: Self) {
        self.content.merge(next.content);
        self.refusal.merge(next.refusal);
        self.reasoning.merge(next.reasoning);
        self.calls.merge(next.calls);
        keep_best_id(&mut self.id, next.id);
        keep_last(&mut self.name, next.name);
        keep_last(&mut self.usage, next.usage);
        self.metadata.merge(next.metadata);
        merge_lenient(&mut self.additional_kwargs, next.additional_kwargs);
        merge_lenient(&mut self.extra, next.extra);
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Keeps the better id: that of the provider, then that of a run, then one generated for the message. Of equals, the
/// first is kept.
pub(super) fn keep_best_id(id: &mut Option<String>, next: Option<String>) {
    let rank = |id: &Option<String>| match id.as_deref() {
        None | Some("") => 0,
        Some(id) if id.starts_with("lc_run-") => 2,
        Some(id) if id.starts_with("lc_") => 1,
        Some(_) => 3,
    };
    if rank(&next) > rank(id) {
        *id = next;
    }
}

/// The same form as [`Message`](crate::Message), without the `type`.
impl Serialize for AiMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Write::from(self).serialize(serializer)
    }
}

/// Returns the text of the answer, as text parsers and prompts read it.
impl From<AiMessage> for String {
    fn from(message: AiMessage) -> Self {
        message.content.into_text()
    }
}

impl From<&str> for AiMessage {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for AiMessage {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
