//! A text completion with its metadata.

use catena_core::Usage;
use serde_json::{Map, Value};

/// What [`Ollama::complete`](crate::Ollama::complete) returns: the text, its finish reason and its token usage.
///
/// # Example
/// ```
/// use catena_llm_ollama::Completion;
/// fn was_cut_off(completion: &Completion) -> bool {
///     completion.finish_reason.as_deref() == Some("length")
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Completion {
    /// The text, without the prompt.
    pub text: String,
    /// The model's thinking before the answer, if enabled.
    pub reasoning: Option<String>,
    /// The finish reason: `stop`, `length` or another value of the service.
    pub finish_reason: Option<String>,
    /// The token usage of the call.
    pub usage: Option<Usage>,
    /// The model that answered.
    pub model: Option<String>,
    /// All other members, under the service's names: durations in nanoseconds, counts, `context`.
    pub extra: Map<String, Value>,
}
