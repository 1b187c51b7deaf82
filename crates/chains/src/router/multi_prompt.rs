//! A chain with several prompts, one of which is selected by a model.

use std::fmt;
use std::sync::Arc;

use catena_core::{Data, PromptTemplate, PromptValue, Result, Runnable};

use super::{LlmRouterChain, MultiRouteChain};
use crate::keys::misbuilt;
use crate::{Chain, ChainPrompt, ConversationChain, LlmChain};

/// Builds a chain in which a model selects the prompt that best suits an `input`, and is then called with that prompt:
/// from `input` to `text`.
///
/// If none is suitable, the default chain runs: a conversation with the model, unless another is set.
///
/// # Errors
/// [`build`](MultiPromptChain::build) fails with [`Config`](catena_core::ErrorKind::Config) without a prompt. The chain
/// fails with the errors of [`LlmRouterChain`] and [`MultiRouteChain`].
///
/// # Example
/// ```
/// use catena_chains::MultiPromptChain;
/// use catena_core::{fakes::FakeLlm, PromptTemplate};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new([r#"{"destination": "math", "next_inputs": "2 + 2"}"#, "4"]);
/// let chain = MultiPromptChain::new(model.clone())
///     .with("math", "for sums", PromptTemplate::new("Add: {input}")?)
///     .with("tea", "for hot drinks", PromptTemplate::new("You know tea. {input}")?)
///     .build()?;
/// assert_eq!(chain.arun("Two and two?").await?, "4");
/// assert!(model.prompts()[0].to_string().contains("math: for sums\ntea: for hot drinks"));
/// assert_eq!(model.prompts()[1].to_string(), "Add: 2 + 2");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct MultiPromptChain<M> {
    llm: Arc<M>,
    prompts: Vec<Described>,
    default: Option<Chain>,
}

/// A prompt as a chain, with its description for the model.
struct Described {
    name: String,
    description: String,
    chain: Chain,
}

impl<M> MultiPromptChain<M>
where
    M: Runnable<Input = PromptValue> + 'static,
    M::Output: Into<String> + Into<Data>,
{
    /// Creates a chain that uses this model both to select a prompt and to answer.
    #[doc(alias = "from_prompts")]
    pub fn new(llm: M) -> Self {
        Self { llm: Arc::new(llm), prompts: Vec::new(), default: None }
    }

    /// Adds a prompt with the variable `input`. The description tells the model what it is for.
    #[must_use]
    pub fn with(
        mut self,
        name: impl Into<String>,
        description: impl Into<String>,
        prompt: impl ChainPrompt + 'static,
    ) -> Self {
        let chain = LlmChain::new(Arc::clone(&self.llm), prompt).into();
        self.prompts.push(Described { name: name.into(), description: description.into(), chain });
        self
    }

    /// Sets the chain that runs if no prompt is suitable, from `input` to `text`.
    #[must_use]
    pub fn with_default(mut self, chain: impl Into<Chain>) -> Self {
        self.default = Some(chain.into());
        self
    }

    /// Builds the chain.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        if self.prompts.is_empty() {
            return Err(misbuilt("no prompts to choose from"));
        }
        let router = LlmRouterChain::new(LlmChain::new(Arc::clone(&self.llm), self.choice()?));
        let default = match self.default {
            Some(default) => default,
            None => ConversationChain::new(self.llm)?.with_output_key("text").build()?.into(),
        };
        let route = MultiRouteChain::new(router, default);
        let prompts = self.prompts.into_iter();
        let chain = prompts.fold(route, |route, prompt| route.with(prompt.name, prompt.chain)).build();
        Ok(Chain { output_keys: vec!["text".to_owned()], ..chain.with_name("MultiPromptChain") })
    }

    /// Returns the prompt with which the model selects.
    fn choice(&self) -> Result<PromptTemplate> {
        let lines = self.prompts.iter().map(|prompt| format!("{}: {}", prompt.name, prompt.description));
        let lines = lines.collect::<Vec<_>>().join("\n");
        Ok(PromptTemplate::new(CHOICE)?.with_partial("prompts", lines))
    }
}

impl<M> fmt::Debug for MultiPromptChain<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.prompts.iter().map(|prompt| &prompt.name).collect();
        f.debug_struct("MultiPromptChain").field("prompts", &names).finish_non_exhaustive()
    }
}

/// The selection prompt.
const CHOICE: &str = "\
Choose the prompt that suits the input below best. These are the prompts, each with what it is good for:

{prompts}

Answer with JSON of this form and nothing else:
{{\"destination\": \"the name of a prompt, or DEFAULT if none suits\", \"next_inputs\": \"the input, reworded if that \
helps\"}}

Input: {input}";
