//! Models with prepared answers.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::stream;
use serde_json::{Map, Value};

use crate::model::ModelOutput;
use crate::{AiMessage, ChunkStream, Context, Error, LanguageModel, PromptValue, Result, Usage};

/// A chat model that returns prepared answers in turn, then starts over.
///
/// Streams word by word, or in the chunks given. Clones share the answers and the record of calls.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, RunnableExt};
/// # futures_executor::block_on(async {
/// let model = FakeChatModel::new(["one", "two"]);
/// assert_eq!(model.invoke("Count").await?.text(), "one");
/// assert_eq!(model.invoke("Go on").await?.text(), "two");
/// assert_eq!(model.prompts()[1].to_string(), "Go on");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub type FakeChatModel = FakeModel<AiMessage>;

/// A text completion model that returns prepared answers in turn, then starts over.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeLlm, RunnableExt};
/// # futures_executor::block_on(async {
/// assert_eq!(FakeLlm::new(["Rainbow Socks"]).invoke("A company name?").await?, "Rainbow Socks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub type FakeLlm = FakeModel<String>;

/// A model with prepared answers; see [`FakeChatModel`] and [`FakeLlm`].
#[derive(Debug, Clone)]
pub struct FakeModel<O> {
    shared: Arc<Shared>,
    usage: Option<Usage>,
    output: PhantomData<fn() -> O>,
}

#[derive(Debug)]
struct Shared {
    answers: Vec<Answer>,
    prompts: Mutex<Vec<PromptValue>>,
}

/// The chunks of an answer, and the error that ends it.
#[derive(Debug, Clone, Default)]
struct Answer {
    chunks: Vec<String>,
    error: Option<Error>,
}

impl<O> FakeModel<O> {
    /// Creates a model that answers with these texts, streamed word by word.
    pub fn new<T: Into<String>>(answers: impl IntoIterator<Item = T>) -> Self {
        Self::with_answers(
            answers.into_iter().map(|answer| Answer { chunks: words(&answer.into()), error: None }),
        )
    }

    /// Creates a model that answers every call with these chunks.
    pub fn streaming<T: Into<String>>(chunks: impl IntoIterator<Item = T>) -> Self {
        Self::with_answers([Answer { chunks: chunks.into_iter().map(Into::into).collect(), error: None }])
    }

    /// Creates a model that fails every call with this error, after these chunks.
    pub fn failing<T: Into<String>>(chunks: impl IntoIterator<Item = T>, error: Error) -> Self {
        Self::with_answers([Answer {
            chunks: chunks.into_iter().map(Into::into).collect(),
            error: Some(error),
        }])
    }

    fn with_answers(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = answers.into_iter().collect();
        Self {
            shared: Arc::new(Shared { answers, prompts: Mutex::default() }),
            usage: None,
            output: PhantomData,
        }
    }

    /// Sets the token usage that each call reports.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Returns the prompts of all calls so far.
    pub fn prompts(&self) -> Vec<PromptValue> {
        self.record().clone()
    }

    fn record(&self) -> MutexGuard<'_, Vec<PromptValue>> {
        self.shared.prompts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the call and returns the next answer.
    fn next_answer(&self, prompt: PromptValue) -> Answer {
        let mut prompts = self.record();
        let turn = prompts.len();
        prompts.push(prompt);
        let answers = &self.shared.answers;
        if answers.is_empty() { Answer::default() } else { answers[turn % answers.len()].clone() }
    }
}

#[async_trait]
impl<O: FakeOutput> LanguageModel for FakeModel<O> {
    type Output = O;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, O> {
        let answer = self.next_answer(prompt);
        let last = answer.chunks.len().saturating_sub(1);
        let chunks = answer.chunks.into_iter().enumerate().map(move |(index, chunk)| {
            let usage = self.usage.filter(|_| index == last);
            Ok(usage.map_or_else(|| O::from(chunk.clone()), |usage| O::fake(chunk.clone(), usage, &cx)))
        });
        Box::pin(stream::iter(chunks.chain(answer.error.map(Err))))
    }

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<O> {
        let answer = self.next_answer(prompt);
        let text = answer.chunks.concat();
        match (answer.error, self.usage) {
            (Some(error), _) => Err(error),
            (None, Some(usage)) => Ok(O::fake(text, usage, cx)),
            (None, None) => Ok(O::from(text)),
        }
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        let answers = self.shared.answers.iter().map(|answer| answer.chunks.concat());
        Some(Map::from_iter([("answers".to_owned(), answers.collect())]))
    }

    fn display_name(&self) -> std::borrow::Cow<'_, str> {
        match O::KIND {
            crate::RunKind::ChatModel => "FakeChatModel".into(),
            _ => "FakeLlm".into(),
        }
    }
}

crate::impl_pipe!(impl [O: FakeOutput] FakeModel<O>);

/// The output types of fake models.
pub trait FakeOutput: ModelOutput + From<String> {
    /// Creates the output of a call with token usage.
    #[doc(hidden)]
    fn fake(text: String, usage: Usage, cx: &Context) -> Self;
}

impl FakeOutput for AiMessage {
    fn fake(text: String, usage: Usage, _cx: &Context) -> Self {
        Self { usage: Some(usage), ..Self::new(text) }
    }
}

impl FakeOutput for String {
    fn fake(text: String, usage: Usage, cx: &Context) -> Self {
        cx.report_usage("fake", usage);
        text
    }
}

/// Splits a text into words with their trailing space; an empty text gives one empty chunk.
fn words(text: &str) -> Vec<String> {
    if text.is_empty() { vec![String::new()] } else { text.split_inclusive(' ').map(str::to_owned).collect() }
}
