//! A chain that collapses documents until they fit into one prompt.

use std::fmt;
use std::sync::Arc;

use catena_core::{
    ApproximateTokens, Context, Data, Document, DynRunnable, Error, ErrorKind, Record, Result, RunnableExt,
    TokenCounter, lambda,
};

use super::collapse::{collapse_docs, split_list_of_docs};
use super::stuff::Stuffing;
use super::{INPUT, OUTPUT, StuffDocumentsChain, take_documents, with_documents};
use crate::Chain;
use crate::keys::{text_of, without};

/// Builds a chain that combines documents in one prompt, collapsing them first until they fit: from `input_documents`
/// to `output_text`.
///
/// While the prompt is longer than `token_max`, the documents are grouped, each group as large as fits, and each group
/// is replaced by the output of the collapsing chain. Groups are collapsed concurrently, at most `max_concurrency` at
/// once. The final answer streams.
///
/// # Errors
/// [`build`](ReduceDocumentsChain::build) fails as [`StuffDocumentsChain`] does. The chain fails with
/// [`InvalidInput`](ErrorKind::InvalidInput) when the first document is too long by itself, and with
/// [`TooLarge`](ErrorKind::TooLarge) when collapsing does not make the documents shorter, or not within the maximum
/// number of rounds. As in LangChain, a later document that is too long is collapsed by itself, in a prompt longer than
/// `token_max`, which the model may reject.
///
/// # Cancellation
/// Dropping a future or stream cancels the calls in progress, as does the first error.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, ReduceDocumentsChain, StuffDocumentsChain};
/// use catena_core::{fakes::FakeLlm, Document, Message};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["ab", "c", "abc"]);
/// let combine = StuffDocumentsChain::new(LlmChain::from_template(model.clone(), "In short: {text}")?);
/// let words = |messages: &[Message]| messages[0].text().split_whitespace().count();
/// let chain = ReduceDocumentsChain::new(combine).with_token_max(6).with_token_counter(words).build()?;
/// let documents = ["a a", "b b", "c c"].map(Document::from);
/// assert_eq!(chain.arun(documents.to_vec()).await?, "abc");
/// let asked: Vec<String> = model.prompts().iter().map(ToString::to_string).collect();
/// assert_eq!(asked, ["In short: a a\n\nb b", "In short: c c", "In short: ab\n\nc"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct ReduceDocumentsChain {
    combine: StuffDocumentsChain,
    collapse: Option<Chain>,
    token_max: usize,
    max_rounds: Option<usize>,
    counter: Arc<dyn TokenCounter>,
}

impl ReduceDocumentsChain {
    /// Creates a chain that combines with this chain, and also collapses with it unless another is set. A prompt is
    /// limited to 3000 tokens, counted approximately.
    pub fn new(combine: StuffDocumentsChain) -> Self {
        let counter = Arc::new(ApproximateTokens::new());
        Self { combine, collapse: None, token_max: 3000, max_rounds: None, counter }
    }

    /// Sets the chain that collapses groups of documents, from `input_documents` to one output.
    #[must_use]
    #[doc(alias = "collapse_documents_chain")]
    pub fn with_collapse(mut self, collapse: impl Into<Chain>) -> Self {
        self.collapse = Some(collapse.into());
        self
    }

    /// Sets the maximum number of tokens of a prompt; 3000 by default.
    #[must_use]
    pub fn with_token_max(mut self, token_max: usize) -> Self {
        self.token_max = token_max;
        self
    }

    /// Sets the maximum number of collapsing rounds; by default, there are as many as make progress.
    #[must_use]
    #[doc(alias = "collapse_max_retries")]
    pub fn with_collapse_max_retries(mut self, rounds: usize) -> Self {
        self.max_rounds = Some(rounds);
        self
    }

    /// Sets the token counter for prompts.
    #[must_use]
    pub fn with_token_counter(mut self, counter: impl TokenCounter + 'static) -> Self {
        self.counter = Arc::new(counter);
        self
    }

    /// Builds the chain, checking that the prompts have a variable for the documents.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        let stuffing = self.combine.stuffing()?;
        let combine = self.combine.build()?;
        let keys = combine.free_keys();
        let collapse = self.collapse.unwrap_or_else(|| combine.clone()).into_value()?;
        let (token_max, max_rounds, counter) = (self.token_max, self.max_rounds, self.counter);
        let collapsing = Arc::new(Collapsing { stuffing, collapse, token_max, max_rounds, counter });
        let reduce = lambda(move |inputs: Record, cx: Context| {
            let collapsing = Arc::clone(&collapsing);
            async move { collapsing.fit(inputs, &cx).await }
        });
        let steps = reduce.with_name("collapse").pipe(combine.into_value()?);
        Ok(Chain::new(keys, [OUTPUT], steps).with_name("ReduceDocumentsChain"))
    }
}

impl fmt::Debug for ReduceDocumentsChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReduceDocumentsChain")
            .field("combine", &self.combine)
            .field("collapse", &self.collapse)
            .field("token_max", &self.token_max)
            .field("max_rounds", &self.max_rounds)
            .finish_non_exhaustive()
    }
}

/// Collapses documents.
struct Collapsing {
    stuffing: Stuffing,
    collapse: DynRunnable,
    token_max: usize,
    max_rounds: Option<usize>,
    counter: Arc<dyn TokenCounter>,
}

impl Collapsing {
    /// Returns the inputs with documents that fit into the prompt.
    async fn fit(&self, mut inputs: Record, cx: &Context) -> Result<Record> {
        let mut documents = take_documents(&mut inputs)?;
        let others = without(&inputs, &[INPUT.to_owned()]);
        let mut length = self.length(&others, &documents)?;
        let mut rounds = 0;
        while length > self.token_max {
            documents = self.round(documents, &others, cx).await?;
            let before = std::mem::replace(&mut length, self.length(&others, &documents)?);
            rounds += 1;
            let last = self.max_rounds.map_or(length >= before, |max| rounds >= max);
            if length > self.token_max && last {
                return Err(self.stuck(rounds, before, length));
            }
        }
        Ok(with_documents(others, documents))
    }

    /// Collapses each group that fits to one document.
    async fn round(&self, documents: Vec<Document>, others: &Record, cx: &Context) -> Result<Vec<Document>> {
        let length = |group: &[Document]| self.length(others, group);
        let groups = split_list_of_docs(documents, length, self.token_max)?;
        let inputs = groups.iter().map(|group| with_documents(others.clone(), group.clone()).into());
        let inputs: Vec<Data> = inputs.collect();
        let texts = self.collapse.clone().map().invoke_in(inputs, cx).await?;
        Ok(groups.iter().zip(texts).map(|(group, text)| collapse_docs(group, text_of(&text))).collect())
    }

    fn length(&self, others: &Record, documents: &[Document]) -> Result<usize> {
        self.stuffing.prompt_length(others, documents, &*self.counter)
    }

    fn stuck(&self, rounds: usize, before: usize, length: usize) -> Error {
        let max = self.token_max;
        Error::new(
            ErrorKind::TooLarge,
            format!(
                "the documents still require a prompt of {length} tokens after {rounds} rounds of collapsing ({before} before \
                 the last), which exceeds the limit of {max}: collapse into shorter texts, or raise the limits"
            ),
        )
    }
}
