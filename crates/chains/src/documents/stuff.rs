//! A chain that puts all documents into one prompt.

use std::sync::Arc;

use catena_core::{Document, PromptTemplate, Record, Result, RunnableExt, TokenCounter, lambda};

use super::{DocumentWriting, OUTPUT, asked_for, document_variable, input_keys, take_documents};
use crate::{Chain, ChainPrompt, LlmChain};

/// Builds a chain that puts all documents into one prompt: from `input_documents`, and the other variables of the
/// prompt, to `output_text`.
///
/// The answer streams.
///
/// # Errors
/// [`build`](StuffDocumentsChain::build) fails with [`Config`](catena_core::ErrorKind::Config) if the variable for the
/// documents is ambiguous. The chain fails with [`MissingKey`](catena_core::ErrorKind::MissingKey) when a document
/// lacks metadata that its template requires.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, StuffDocumentsChain};
/// use catena_core::{fakes::FakeLlm, Document};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["Warm things."]);
/// let chain = StuffDocumentsChain::new(LlmChain::from_template(model.clone(), "In short: {text}")?).build()?;
/// assert_eq!(chain.arun(["tea", "socks"].map(Document::from).to_vec()).await?, "Warm things.");
/// assert_eq!(model.prompts()[0].to_string(), "In short: tea\n\nsocks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct StuffDocumentsChain {
    llm_chain: LlmChain,
    variable: Option<String>,
    writing: DocumentWriting,
}

impl StuffDocumentsChain {
    /// Creates a chain that fills the prompt of this one.
    pub fn new(llm_chain: LlmChain) -> Self {
        Self { llm_chain, variable: None, writing: DocumentWriting::new() }
    }

    /// Sets which variable of the prompt the documents fill, if the prompt has several.
    #[must_use]
    pub fn with_document_variable_name(mut self, name: impl Into<String>) -> Self {
        self.variable = Some(name.into());
        self
    }

    /// Formats each document with this template, which may use its metadata.
    #[must_use]
    pub fn with_document_prompt(mut self, prompt: PromptTemplate) -> Self {
        self.writing = self.writing.with_prompt(prompt);
        self
    }

    /// Sets the separator between documents; a blank line by default.
    #[must_use]
    pub fn with_document_separator(mut self, separator: impl Into<String>) -> Self {
        self.writing = self.writing.with_separator(separator);
        self
    }

    /// Builds the chain, checking that the prompt has a variable for the documents.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        let stuffing = self.stuffing()?;
        let keys = input_keys(&stuffing.asked, &[&stuffing.variable]);
        let answer = stuffing.asked.clone().into_value()?;
        let stuff = lambda(move |mut inputs: Record| {
            let documents = take_documents(&mut inputs)?;
            stuffing.fill(&inputs, &documents)
        });
        let steps = stuff.with_name("stuff").pipe(answer);
        Ok(Chain::new(keys, [OUTPUT], steps).with_name("StuffDocumentsChain"))
    }

    pub(super) fn stuffing(&self) -> Result<Stuffing> {
        let asked = Chain::from(self.llm_chain.clone());
        let variable = document_variable(&asked, self.variable.clone())?;
        Ok(Stuffing { asked, variable, writing: self.writing.clone(), prompt: self.llm_chain.prompt() })
    }
}

/// The way the prompt is filled.
pub(super) struct Stuffing {
    asked: Chain,
    variable: String,
    writing: DocumentWriting,
    prompt: Arc<dyn ChainPrompt>,
}

impl Stuffing {
    /// Returns the inputs of the chain that calls the model.
    fn fill(&self, inputs: &Record, documents: &[Document]) -> Result<Record> {
        let mut asked = asked_for(&self.asked, inputs);
        asked.insert(&self.variable, self.writing.write(documents)?);
        Ok(asked)
    }

    /// Returns the number of tokens that the prompt would have.
    pub(super) fn prompt_length(
        &self,
        inputs: &Record,
        documents: &[Document],
        counter: &dyn TokenCounter,
    ) -> Result<usize> {
        let prompt = self.prompt.format_prompt(&self.fill(inputs, documents)?.into())?;
        Ok(counter.count_tokens(&prompt.into_messages()))
    }
}
