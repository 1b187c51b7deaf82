//! The completions of several prompts.

use catena_core::{Usage, add_usage};

use crate::completion::Completion;

/// What [`OpenAi::generate_all`](crate::OpenAi::generate_all) returns: for each prompt its completions, and the totals.
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
    /// How many tokens all requests together used, if the service says so.
    pub usage: Option<Usage>,
    /// The model that was asked.
    pub model: String,
}

impl LlmResult {
    /// Adds the answer to one request.
    pub(crate) fn add(&mut self, generations: Vec<Vec<Completion>>) {
        // Every completion of a request carries the usage of all of it.
        let usage = generations.iter().flatten().find_map(|completion| completion.usage);
        self.usage = usage.map(|usage| add_usage(self.usage, Some(usage))).or(self.usage);
        self.generations.extend(generations);
    }
}
