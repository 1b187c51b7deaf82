//! A chain that answers from the first document and refines the answer with each other one.

use std::sync::Arc;

use catena_core::{
    ChunkStream, Context, Data, Document, DynRunnable, PromptTemplate, Record, Result, RunnableAssign,
    RunnableExt, RunnableParallel, RunnablePick, Segment, delegate, generator, lambda,
};
use futures_util::{StreamExt, stream};

use super::{DocumentWriting, OUTPUT, STEPS, document_variable, input_keys, take_documents};
use crate::Chain;
use crate::keys::{invalid, list, misbuilt, text_of};

/// The name under which the steps pass the inputs of the last call.
const LAST: &str = "last_question";

/// Builds a chain that answers from the first document and refines the answer with each of the others: from
/// `input_documents`, and the other variables of the prompts, to `output_text`.
///
/// The calls run one after another. The final answer streams.
///
/// # Errors
/// [`build`](RefineDocumentsChain::build) fails with [`Config`](catena_core::ErrorKind::Config) unless both prompts
/// have a variable for a document, and the second one a variable for the answer so far. The chain fails with
/// [`InvalidInput`](catena_core::ErrorKind::InvalidInput) without documents; the path of an error names the document,
/// `each[3]`, unless it is the last.
///
/// # Cancellation
/// Dropping a future or stream cancels the call in progress.
///
/// # Example
/// ```
/// use catena_chains::{LlmChain, RefineDocumentsChain};
/// use catena_core::{fakes::FakeLlm, Document};
/// # futures_executor::block_on(async {
/// let model = FakeLlm::new(["warm", "warm and soft"]);
/// let first = LlmChain::from_template(model.clone(), "Describe: {text}")?;
/// let next = LlmChain::from_template(model.clone(), "You said {so_far}. Describe also: {text}")?;
/// let chain = RefineDocumentsChain::new(first, next, "so_far").build()?;
/// assert_eq!(chain.arun(["tea", "socks"].map(Document::from).to_vec()).await?, "warm and soft");
/// assert_eq!(model.prompts()[1].to_string(), "You said warm. Describe also: socks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RefineDocumentsChain {
    initial: Chain,
    refine: Chain,
    response: String,
    variable: Option<String>,
    writing: DocumentWriting,
    steps: bool,
}

impl RefineDocumentsChain {
    /// Creates a chain that processes the first document with `initial` and each of the others with `refine`, which
    /// receives the answer so far in the variable `initial_response_name`.
    pub fn new(
        initial: impl Into<Chain>,
        refine: impl Into<Chain>,
        initial_response_name: impl Into<String>,
    ) -> Self {
        let (initial, refine, response) = (initial.into(), refine.into(), initial_response_name.into());
        Self { initial, refine, response, variable: None, writing: DocumentWriting::new(), steps: false }
    }

    /// Sets which variable of the prompts a document fills, if the first prompt has several.
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

    /// Adds an output `intermediate_steps`: all answers, including the last.
    #[must_use]
    #[doc(alias = "return_intermediate_steps")]
    pub fn with_intermediate_steps(mut self) -> Self {
        self.steps = true;
        self
    }

    /// Builds the chain, checking that the prompts have variables for documents and answers.
    ///
    /// # Errors
    /// Those listed on the type.
    pub fn build(self) -> Result<Chain> {
        let variable = document_variable(&self.initial, self.variable)?;
        for needed in [&variable, &self.response] {
            if !self.refine.input_keys().contains(needed) {
                let has = list(self.refine.input_keys());
                return Err(misbuilt(format!(
                    "missing variable `{needed}` in the refining chain, which has {has}"
                )));
            }
        }
        let filled = [variable.as_str(), self.response.as_str()];
        let mut keys = input_keys(&self.initial, &filled[..1]);
        for key in input_keys(&self.refine, &filled) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let (initial, refine) = (self.initial.into_value()?, self.refine.into_value()?);
        let refining =
            Arc::new(Refining { initial, refine, variable, response: self.response, writing: self.writing });
        let (leading, last) = (Arc::clone(&refining), refining.last());
        let lead = lambda(move |inputs: Record, cx: Context| {
            let refining = Arc::clone(&leading);
            async move { refining.lead(inputs, &cx).await }
        });
        let lead = lead.with_name("refine");
        let chain = if self.steps {
            let last = RunnableAssign::new(RunnableParallel::new().with(OUTPUT, last));
            let steps = lead.pipe(last).pipe(generator(with_the_last_step).with_name("steps"));
            Chain::new(keys, [OUTPUT, STEPS], steps)
        } else {
            Chain::new(keys, [OUTPUT], lead.pipe(last))
        };
        Ok(chain.with_name("RefineDocumentsChain"))
    }
}

struct Refining {
    initial: DynRunnable,
    refine: DynRunnable,
    variable: String,
    response: String,
    writing: DocumentWriting,
}

impl Refining {
    /// Runs all calls but the last, and returns the inputs of the last and the answers so far.
    async fn lead(&self, mut inputs: Record, cx: &Context) -> Result<Record> {
        let documents = take_documents(&mut inputs)?;
        let Some((first, others)) = documents.split_first() else {
            return Err(invalid("no input documents"));
        };
        let mut question = self.question(&inputs, first)?;
        let mut answers: Vec<Data> = Vec::with_capacity(others.len());
        for (index, document) in others.iter().enumerate() {
            let asked = if index == 0 { &self.initial } else { &self.refine };
            let answer =
                asked.invoke_in(question, cx).await.map_err(|error| error.at(Segment::Each(index)))?;
            question = self.question(&inputs, document)?;
            question.insert(&self.response, text_of(&answer));
            answers.push(answer);
        }
        let mut led = Record::from_iter([(LAST, question)]);
        led.insert(STEPS, answers);
        Ok(led)
    }

    fn question(&self, inputs: &Record, document: &Document) -> Result<Record> {
        let mut question = inputs.clone();
        question.insert(&self.variable, self.writing.write_one(document)?);
        Ok(question)
    }

    /// Runs the last call.
    fn last(&self) -> DynRunnable {
        let ask = |chain: &DynRunnable| RunnablePick::one(LAST).pipe(chain.clone()).boxed();
        let (initial, refine) = (ask(&self.initial), ask(&self.refine));
        let last = delegate(move |led: &Data, _: &Context| {
            let alone = matches!(led.get(STEPS), Some(Data::List(answers)) if answers.is_empty());
            Ok(if alone { initial.clone() } else { refine.clone() })
        });
        last.with_name("last").boxed()
    }
}

/// Appends the last answer to the others once it is complete.
fn with_the_last_step(pieces: ChunkStream<'_, Data>) -> ChunkStream<'_, Data> {
    let state = Some((pieces, String::new()));
    stream::unfold(state, async |state| {
        let (mut pieces, mut answer) = state?;
        match pieces.next().await {
            Some(Ok(piece)) => {
                answer.push_str(&piece.get(OUTPUT).map(text_of).unwrap_or_default());
                Some((Ok(piece), Some((pieces, answer))))
            }
            Some(Err(error)) => Some((Err(error), None)),
            None => {
                let last = Record::from_iter([(STEPS, vec![answer])]);
                Some((Ok(last.mergeable().into()), None))
            }
        }
    })
    .boxed()
}
