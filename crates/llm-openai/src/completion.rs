//! A text completion with its metadata.

use catena_core::Usage;
use serde_json::{Map, Value};

/// What [`OpenAi::complete`](crate::OpenAi::complete) returns: the text, its finish reason and its token usage.
///
/// # Example
/// ```
/// use catena_llm_openai::Completion;
/// fn was_cut_off(completion: &Completion) -> bool {
///     completion.finish_reason.as_deref() == Some("length")
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Completion {
    /// The text; it excludes the prompt, unless `echo` is set.
    pub text: String,
    /// The finish reason: `stop`, `length`, `content_filter` or another value of the service.
    pub finish_reason: Option<String>,
    /// The token usage of the call, if the service reports it.
    pub usage: Option<Usage>,
    /// The model that answered.
    pub model: Option<String>,
    /// The service's id of the completion.
    pub id: Option<String>,
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// The log probabilities of the tokens as the service sends them, if requested.
    pub logprobs: Option<Value>,
    /// All other members that the service sends with the text.
    pub extra: Map<String, Value>,
}
