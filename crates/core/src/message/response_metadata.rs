//! Metadata of a provider's response.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ExtraMembers, TokenUsage};
use crate::Chunk;

/// Metadata of a provider's response. When chunks are merged, each field keeps the last value.
///
/// # Example
/// ```
/// use catena_core::{Chunk, ResponseMetadata};
/// let mut metadata = ResponseMetadata::default();
/// let mut next = ResponseMetadata::default();
/// next.model = Some("gpt-4o-mini".into());
/// metadata.merge(next.clone());
/// metadata.merge(next);
/// assert_eq!(metadata.model.as_deref(), Some("gpt-4o-mini"));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResponseMetadata {
    /// The model that answered.
    #[serde(rename = "model_name", skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Why generation stopped: `stop`, `length`, `content_filter`, `tool_calls` or another value of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The provider's request id, for its logs and support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The token counts as reported by the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_usage: Option<TokenUsage>,
    /// Whether the answer came from a cache or from another caller's identical call, so that its usage was not incurred
    /// again. Not part of the serialized message.
    #[serde(skip)]
    pub cached: bool,
    /// All other metadata, under the provider's names.
    #[serde(flatten)]
    pub extra: ExtraMembers,
}

impl Chunk for ResponseMetadata {
    fn merge(&mut self, next: Self) {
        keep_last(&mut self.model, next.model);
        keep_last(&mut self.finish_reason, next.finish_reason);
        keep_last(&mut self.request_id, next.request_id);
        keep_last(&mut self.token_usage, next.token_usage);
        self.cached |= next.cached;
        self.extra.merge(next.extra);
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Replaces a value by the next one, if there is one.
pub(super) fn keep_last<T>(value: &mut Option<T>, next: Option<T>) {
    if next.is_some() {
        *value = next;
    }
}
