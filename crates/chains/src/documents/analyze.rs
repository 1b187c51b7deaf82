//! Processing of one long text, split into documents.

use catena_core::{Document, FromData, Record, Result, RunnableExt, lambda};

use super::{INPUT, with_documents};
use crate::Chain;

/// Builds a chain that splits the text `input_document` and passes the parts to a chain over documents.
///
/// It has the outputs of that chain, and streams them in the same way.
///
/// # Example
/// ```
/// use catena_chains::{AnalyzeDocumentChain, LlmChain, StuffDocumentsChain};
/// use catena_core::fakes::FakeLlm;
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["Warm things."]);
/// let combine = StuffDocumentsChain::new(LlmChain::from_template(model.clone(), "In short: {text}")?).build()?;
/// let lines = |text: &str| text.lines().map(str::to_owned).collect();
/// let chain = AnalyzeDocumentChain::new(lines, combine).build();
/// assert_eq!(chain.arun("tea\nsocks").await?, "Warm things.");
/// assert_eq!(model.prompts()[0].to_string(), "In short: tea\n\nsocks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct AnalyzeDocumentChain<F> {
    split: F,
    combine: Chain,
}

impl<F> AnalyzeDocumentChain<F>
where
    F: Fn(&str) -> Vec<String> + Send + Sync + 'static,
{
    /// Creates a chain that splits with `split` and passes the parts to `combine`, a chain over documents.
    pub fn new(split: F, combine: impl Into<Chain>) -> Self {
        Self { split, combine: combine.into() }
    }

    /// Builds the chain.
    pub fn build(self) -> Chain {
        let Self { split, combine } = self;
        let others = combine.free_keys().into_iter().filter(|key| key != INPUT);
        let keys: Vec<String> = std::iter::once(TEXT.to_owned()).chain(others).collect();
        let outputs = combine.output_keys().to_vec();
        let pieces = lambda(move |mut inputs: Record| -> Result<Record> {
            let text = String::from_data(inputs.get_mut(TEXT).map(std::mem::take).unwrap_or_default())?;
            Ok(with_documents(inputs, split(&text).into_iter().map(Document::from).collect()))
        });
        let steps = pieces.with_name("split").pipe(combine.only_outputs());
        Chain::new(keys, outputs, steps).with_name("AnalyzeDocumentChain")
    }
}

/// The name of the text input.
const TEXT: &str = "input_document";
