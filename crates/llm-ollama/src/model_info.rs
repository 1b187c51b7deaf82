//! A model that the service has.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One entry of the list of models.
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
    /// The name by which to ask for it: `llama3.2:3b`.
    pub name: String,
    /// When it was changed, in RFC 3339.
    pub modified_at: Option<String>,
    /// How many bytes it takes on the disk.
    pub size: Option<u64>,
    /// What tells it apart from others of the name.
    pub digest: Option<String>,
    /// Family, format, number of parameters and such.
    pub details: Option<Map<String, Value>>,
    /// All other members, as they came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
