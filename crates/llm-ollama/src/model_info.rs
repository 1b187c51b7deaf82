//! A model of the service.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An entry of the list of models.
///
/// # Example
/// ```
/// use catena_llm_ollama::ModelInfo;
/// fn is_small(model: &ModelInfo) -> bool {
///     model.size.is_some_and(|bytes| bytes < 2_000_000_000)
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The model's name, for use in requests: `llama3.2:3b`.
    pub name: String,
    /// The time of its last change, in RFC 3339.
    pub modified_at: Option<String>,
    /// The size on disk in bytes.
    pub size: Option<u64>,
    /// The digest of its contents.
    pub digest: Option<String>,
    /// Details such as family, format and parameter count.
    pub details: Option<Map<String, Value>>,
    /// All other members, unchanged.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
