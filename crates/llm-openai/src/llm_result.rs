//! The completions of several prompts.

use catena_core::{Usage, add_usage};

use crate::completion::Completion;

/// What [`OpenAi::generate_all`](crate::OpenAi::generate_all) returns: the completions of each prompt, and the totals.
///
/// # Example
/// ```
/// use catena_llm_openai::LlmResult;
/// fn first_texts(result: &LlmResult) -> Vec<&str> {
///     result.generations.iter().filter_map(|completions| Some(completions.first()?.text.as_str())).collect()
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[doc(alias = "LLMResult")]
#[non_exhaustive]
pub struct LlmResult {
    /// One list for each prompt, in the order of the prompts.
    pub generations: Vec<Vec<Completion>>,
    /// The token usage of all requests together, if the service reports it.
    pub usage: Option<Usage>,
    /// The model that was requested.
    pub model: String,
}

impl LlmResult {
    /// Adds the response to one request.
    pub(crate) fn add(&mut self, generations: Vec<Vec<Completion>>) {
        // Every completion of a request carries the usage of the whole request.
        let usage = generations.iter().flatten().find_map(|completion| completion.usage);
        self.usage = usage.map(|usage| add_usage(self.usage, Some(usage))).or(self.usage);
        self.generations.extend(generations);
    }
}
