//! A text completion with what the service said about it.

use catena_core::Usage;
use serde_json::{Map, Value};

/// What [`Ollama::complete`](crate::Ollama::complete) returns: the text, why it ended, and what it cost.
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
    /// What the model thought before it answered, if it was asked to think.
    pub reasoning: Option<String>,
    /// Why the text ended: `stop`, `length` or another word of the service.
    pub finish_reason: Option<String>,
    /// How many tokens the call used.
    pub usage: Option<Usage>,
    /// The model that answered.
    pub model: Option<String>,
    /// Everything else, by the service's names: durations in nanoseconds, counts, `context`.
    pub extra: Map<String, Value>,
}
