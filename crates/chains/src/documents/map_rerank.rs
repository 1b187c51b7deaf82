//! A chain that answers from each document and selects the best answer.

use std::sync::Arc;

use catena_core::{Context, Data, DynRunnable, Error, ErrorKind, Record, Result, RunnableExt, lambda};

use super::map_reduce::questions;
use super::{OUTPUT, STEPS, document_variable, input_keys, take_documents};
use crate::Chain;
use crate::keys::{invalid, text_of};

/// Builds a chain that requests an answer and a score for each document by itself, and returns the answer with the
/// highest score: from `input_documents`, and the other variables of the prompt, to `output_text`.
///
/// The calls for the documents run concurrently, at most `max_concurrency` at once. The answer is emitted as a single
/// chunk, since it can be selected only when all are there. Of answers with the same score, the first is returned.
///
/// # Errors
/// [`build`](MapRerankDocumentsChain::build) fails with [`Config`](catena_core::ErrorKind::Config) if the variable for
/// the document is ambiguous, or if the chain does not have exactly one output. The chain fails with
/// [`InvalidInput`](ErrorKind::InvalidInput) without documents, or when the chosen document lacks requested metadata,
/// and with [`Parse`](ErrorKind::Parse) for an answer without a score.
///
/// # Cancellation
/// Dropping a future or stream cancels all calls in progress.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, MapRerankDocumentsChain};
/// use catena_core::{fakes::FakeLlm, vars, Document, JsonOutputParser};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new([r#"{"answer": "cold", "score": 2}"#, r#"{"answer": "warm", "score": 9}"#]);
/// let ask = LlmChain::from_template(model, "{question} In JSON, with a score: {text}")?
///     .with_output_parser(JsonOutputParser);
/// let chain = MapRerankDocumentsChain::new(ask, "score", "answer").with_document_variable_name("text").build()?;
/// let documents = ["ice", "tea"].map(Document::from).to_vec();
/// assert_eq!(chain.arun(vars! { input_documents: documents, question: "How?" }).await?, "warm");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MapRerankDocumentsChain {
    map: Chain,
    rank_key: String,
    answer_key: String,
    variable: Option<String>,
    metadata_keys: Vec<String>,
    steps: bool,
}

impl MapRerankDocumentsChain {
    /// Creates a chain that processes each document with `map`. Its output is a record with, under these names, the
    /// score (a number, or the text of one) and the answer; see
    /// [`LlmChain::with_output_parser`](crate::LlmChain::with_output_parser).
    pub fn new(map: impl Into<Chain>, rank_key: impl Into<String>, answer_key: impl Into<String>) -> Self {
        let (map, rank_key, answer_key) = (map.into(), rank_key.into(), answer_key.into());
        Self { map, rank_key, answer_key, variable: None, metadata_keys: Vec::new(), steps: false }
    }

    /// Sets which variable of the prompt a document fills, if the prompt has several.
    #[must_use]
    pub fn with_document_variable_name(mut self, name: impl Into<String>) -> Self {
        self.variable = Some(name.into());
        self
    }

    /// Returns this metadata of the selected document as outputs.
    #[must_use]
    pub fn with_metadata_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.metadata_keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an output `intermediate_steps`: the answers and scores for each document.
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
        let keys = input_keys(&self.map, &[&variable]);
        let mut outputs = vec![OUTPUT.to_owned()];
        outputs.extend(self.metadata_keys.iter().cloned());
        outputs.extend(self.steps.then(|| STEPS.to_owned()));
        let (rank_key, answer_key, metadata_keys) = (self.rank_key, self.answer_key, self.metadata_keys);
        let map = self.map.into_value()?;
        let ranking = Arc::new(Ranking { map, variable, rank_key, answer_key, metadata_keys });
        let rank = lambda(move |inputs: Record, cx: Context| {
            let ranking = Arc::clone(&ranking);
            async move { ranking.best(inputs, &cx).await }
        });
        Ok(Chain::new(keys, outputs, rank.with_name("rerank")).with_name("MapRerankDocumentsChain"))
    }
}

struct Ranking {
    map: DynRunnable,
    variable: String,
    rank_key: String,
    answer_key: String,
    metadata_keys: Vec<String>,
}

impl Ranking {
    async fn best(&self, mut inputs: Record, cx: &Context) -> Result<Record> {
        let documents = take_documents(&mut inputs)?;
        let answers =
            self.map.clone().map().invoke_in(questions(&inputs, &documents, &self.variable), cx).await?;
        let mut best: Option<(f64, usize)> = None;
        for (index, answer) in answers.iter().enumerate() {
            let score = self.score(index, answer)?;
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, index));
            }
        }
        let Some((_, index)) = best else { return Err(invalid("no input documents")) };
        let mut outputs =
            Record::from_iter([(OUTPUT, self.part(index, &answers[index], &self.answer_key)?.clone())]);
        for key in &self.metadata_keys {
            let value = documents[index].metadata.get(key);
            let absent = || invalid(format!("the chosen document {index} has no metadata `{key}`"));
            outputs.insert(key, value.ok_or_else(absent)?.clone());
        }
        outputs.insert(STEPS, answers);
        Ok(outputs)
    }

    fn part<'a>(&self, index: usize, answer: &'a Data, key: &str) -> Result<&'a Data> {
        answer.get(key).ok_or_else(|| unscored(index, &format!("has no `{key}`")))
    }

    fn score(&self, index: usize, answer: &Data) -> Result<f64> {
        let score = self.part(index, answer, &self.rank_key)?;
        let number = text_of(score).trim().parse().ok().filter(|score: &f64| score.is_finite());
        number.ok_or_else(|| unscored(index, &format!("has no numeric `{}`", self.rank_key)))
    }
}

fn unscored(index: usize, what: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("the answer about document {index} {what}"))
}
