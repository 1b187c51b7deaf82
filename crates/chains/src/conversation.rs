//! A conversation with a model, with memory.

use std::sync::Arc;

use catena_core::{Data, PromptTemplate, PromptValue, Result, Runnable};

use crate::keys::{list, misbuilt};
use crate::{ChainPrompt, ConversationBufferMemory, LlmChain, Memory};

/// The default prompt.
const TEMPLATE: &str = "\
The following is a friendly conversation between a human and an AI. The AI answers in detail from what it knows, and \
says so when it does not know something.

{history}
Human: {input}
AI:";

/// Builds a conversation chain, which saves its `input` and its `response` to memory.
///
/// # Errors
/// [`build`](ConversationChain::build) fails with [`Config`](catena_core::ErrorKind::Config) unless the variables of
/// the prompt are the input and the values from memory.
///
/// # Example
/// ```
/// use catena_chains::ConversationChain;
/// use catena_core::{fakes::FakeChatModel, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeChatModel::new(["Hello Ada", "You are Ada"]);
/// let chat = ConversationChain::new(model.clone())?.build()?;
/// chat.arun("I am Ada").await?;
/// assert_eq!(chat.invoke("Who am I?").await?.text, "You are Ada");
/// assert!(model.prompts()[1].to_string().contains("Human: I am Ada\nAI: Hello Ada\nHuman: Who am I?"));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ConversationChain {
    /// The chain without its memory.
    asking: LlmChain,
    memory: Remembered,
    input_key: String,
}

/// The memory, whose `Debug` output is empty.
#[derive(Clone)]
struct Remembered(Arc<dyn Memory>);

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.variables().fmt(f)
    }
}

impl ConversationChain {
    /// Creates a conversation with `llm` and the default prompt, which asks it to be friendly.
    ///
    /// # Errors
    /// None in practice: the built-in template is well-formed.
    pub fn new<M>(llm: M) -> Result<Self>
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String> + Into<Data>,
    {
        Ok(Self::with_prompt(llm, PromptTemplate::new(TEMPLATE)?))
    }

    /// Creates a conversation with `llm` and this prompt.
    pub fn with_prompt<M>(llm: M, prompt: impl ChainPrompt + 'static) -> Self
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String> + Into<Data>,
    {
        let mut asking = LlmChain::new(llm, prompt).with_output_key("response");
        asking.chain.name = "ConversationChain".into();
        let memory = Remembered(Arc::new(ConversationBufferMemory::new()));
        Self { asking, memory, input_key: "input".to_owned() }
    }

    /// Sets the memory; by default a buffer that gives the conversation as a text named `history`.
    #[must_use]
    pub fn with_memory(mut self, memory: impl Memory + 'static) -> Self {
        self.memory = Remembered(Arc::new(memory));
        self
    }

    /// Sets the name of the input; `input` by default.
    #[must_use]
    pub fn with_input_key(mut self, key: impl Into<String>) -> Self {
        self.input_key = key.into();
        self
    }

    /// Sets the name of the answer; `response` by default.
    #[must_use]
    pub fn with_output_key(mut self, key: impl Into<String>) -> Self {
        self.asking = self.asking.with_output_key(key);
        self
    }

    /// Builds the chain, checking that prompt and memory fit together.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<LlmChain> {
        let (input, remembered) = (self.input_key, self.memory.0.variables());
        if remembered.contains(&input) {
            return Err(misbuilt(format!(
                "`{input}` is both the input and a variable of the conversation's memory"
            )));
        }
        let expected: Vec<&String> = remembered.iter().chain([&input]).collect();
        let asked = self.asking.input_keys();
        if asked.len() != expected.len() || expected.iter().any(|key| !asked.contains(key)) {
            let (asked, expected) = (list(asked), list(expected));
            return Err(misbuilt(format!(
                "the prompt of the conversation has the variables {asked}, but memory and input provide {expected}"
            )));
        }
        let mut chain = self.asking.with_memory(self.memory.0);
        chain.chain.input_keys = vec![input];
        Ok(chain)
    }
}
