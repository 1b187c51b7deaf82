//! The prompts that a chain can use.

use catena_core::{
    ChatPromptTemplate, Data, FewShotPromptTemplate, Prompt, PromptTemplate, PromptValue, Runnable,
};

/// A text or chat prompt that knows the names of its variables.
///
/// # Example
/// ```
/// use catena_chains::ChainPrompt;
/// use catena_core::PromptTemplate;
/// assert_eq!(PromptTemplate::new("{a} and {b}")?.input_keys(), ["a", "b"]);
/// # Ok::<(), catena_core::Error>(())
/// ```
pub trait ChainPrompt: Runnable<Input = Data, Output = PromptValue> + Prompt<Input = Data> {
    /// Returns the names of the required variables.
    fn input_keys(&self) -> Vec<String>;
}

impl ChainPrompt for PromptTemplate {
    fn input_keys(&self) -> Vec<String> {
        self.variables().to_vec()
    }
}

impl ChainPrompt for ChatPromptTemplate {
    fn input_keys(&self) -> Vec<String> {
        self.variables().to_vec()
    }
}

impl ChainPrompt for FewShotPromptTemplate {
    fn input_keys(&self) -> Vec<String> {
        self.variables().to_vec()
    }
}
