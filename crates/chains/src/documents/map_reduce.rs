//! A chain that processes each document and combines the results.

use catena_core::{
    Context, Data, Document, DynRunnable, Record, Result, RunnableAssign, RunnableExt, RunnableParallel,
    lambda,
};
use std::sync::Arc;

use super::{OUTPUT, STEPS, document_variable, input_keys, take_documents, with_documents};
use crate::Chain;
use crate::keys::text_of;

/// Builds a chain that processes each document by itself and then combines the answers: from `input_documents`, and the
/// other variables of the prompts, to `output_text`.
///
/// The calls for the documents run concurrently, at most `max_concurrency` at once. The final answer streams.
///
/// # Errors
/// [`build`](MapReduceDocumentsChain::build) fails with [`Config`](catena_core::ErrorKind::Config) if the variable for
/// the document is ambiguous, or if either chain does not have exactly one output. The first call that fails cancels
/// the others; its path names the document: `each[3]`.
///
/// # Cancellation
/// Dropping a future or stream cancels all calls in progress.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, MapReduceDocumentsChain, StuffDocumentsChain};
/// use catena_core::{fakes::FakeLlm, Document};
/// # futures_executor::block_on(async {
/// let (map, reduce) = (FakeLlm::new(["warm"]), FakeLlm::new(["Warm things."]));
/// let map = LlmChain::from_template(map, "{document} in a word:")?;
/// let reduce = StuffDocumentsChain::new(LlmChain::from_template(reduce.clone(), "In short: {words}")?).build()?;
/// let chain = MapReduceDocumentsChain::new(map, reduce).build()?;
/// assert_eq!(chain.arun(["tea", "socks"].map(Document::from).to_vec()).await?, "Warm things.");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MapReduceDocumentsChain {
    map: Chain,
    reduce: Chain,
    variable: Option<String>,
    steps: bool,
}

impl MapReduceDocumentsChain {
    /// Creates a chain that processes each document with `map` and combines the answers with `reduce`, a chain over
    /// documents such as [`ReduceDocumentsChain`](crate::ReduceDocumentsChain), which can collapse them first.
    pub fn new(map: impl Into<Chain>, reduce: impl Into<Chain>) -> Self {
        Self { map: map.into(), reduce: reduce.into(), variable: None, steps: false }
    }

    /// Sets which variable of the first prompt a document fills, if the prompt has several.
    #[must_use]
    pub fn with_document_variable_name(mut self, name: impl Into<String>) -> Self {
        self.variable = Some(name.into());
        self
    }

    /// Adds an output `intermediate_steps`: the answers for each document.
    #[must_use]
    #[doc(alias = "return_intermediate_steps")]
    pub fn with_intermediate_steps(mut self) -> Self {
        self.steps = true;
        self
    }

    /// Builds the chain, checking that the prompt has a variable for the document.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        let variable = document_variable(&self.map, self.variable)?;
        let mut keys = input_keys(&self.map, &[&variable]);
        keys.extend(
            self.reduce.free_keys().into_iter().filter(|key| !keys.contains(key)).collect::<Vec<_>>(),
        );
        let mapping = Arc::new(Mapping { variable, map: self.map.into_value()? });
        let map = lambda(move |inputs: Record, cx: Context| {
            let mapping = Arc::clone(&mapping);
            async move { mapping.answers(inputs, &cx).await }
        });
        let (map, reduce) = (map.with_name("map"), self.reduce.into_value()?);
        let chain = if self.steps {
            let reduce = RunnableAssign::new(RunnableParallel::new().with(OUTPUT, reduce));
            Chain::new(keys, [OUTPUT, STEPS], map.pipe(reduce))
        } else {
            Chain::new(keys, [OUTPUT], map.pipe(reduce))
        };
        Ok(chain.with_name("MapReduceDocumentsChain"))
    }
}

struct Mapping {
    variable: String,
    map: DynRunnable,
}

impl Mapping {
    /// Returns the inputs with the documents replaced by the answers, and the answers by themselves.
    async fn answers(&self, mut inputs: Record, cx: &Context) -> Result<Record> {
        let documents = take_documents(&mut inputs)?;
        let answers =
            self.map.clone().map().invoke_in(questions(&inputs, &documents, &self.variable), cx).await?;
        let reduced = documents
            .into_iter()
            .zip(&answers)
            .map(|(document, answer)| Document { page_content: text_of(answer), ..document });
        let mut inputs = with_documents(inputs, reduced.collect());
        inputs.insert(STEPS, answers);
        Ok(inputs)
    }
}

/// Returns the inputs of a chain for each document.
pub(super) fn questions(others: &Record, documents: &[Document], variable: &str) -> Vec<Data> {
    let question = |document: &Document| {
        let mut inputs = others.clone();
        inputs.insert(variable, document.page_content.as_str());
        inputs.into()
    };
    documents.iter().map(question).collect()
}
