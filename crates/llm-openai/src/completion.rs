//! A text completion with what the service said about it.

use catena_core::Usage;
use serde_json::{Map, Value};

/// What [`OpenAi::complete`](crate::OpenAi::complete) returns: the text, why it ended, and what it cost.
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
    /// The text, without the prompt.
    pub text: String,
    /// Why the text ended: `stop`, `length`, `content_filter` or another word of the service.
    pub finish_reason: Option<String>,
    /// How many tokens the call used, if the service says so.
    pub usage: Option<Usage>,
    /// The model that answered.
    pub model: Option<String>,
    /// The service's id of the answer.
    pub id: Option<String>,
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// The probabilities of the tokens, if they were asked for, as the service gives them.
    pub logprobs: Option<Value>,
    /// What else the service says about the text.
    pub extra: Map<String, Value>,
}
