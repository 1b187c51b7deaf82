//! The steps of a chain that calls a model: a prompt, the model with its arguments, and the processing of its answer.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{
    ChunkStream, Context, Data, DynRunnable, Outline, PromptValue, Result, Runnable, RunnableExt,
    StrOutputParser, delegate, gather,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

use crate::ChainPrompt;

type Arguments = Map<String, Value>;
type Build = Arc<dyn Fn(Arguments, &Answer) -> DynRunnable + Send + Sync>;

/// The processing of the model's answer.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Its text.
    Text,
    /// Unchanged: the message of a chat model, the text of a completion model.
    Whole,
    /// The output of this step for it.
    Through(DynRunnable),
}

/// `prompt | llm | answer`, with an input named `stop` passed to the model.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) prompt: Arc<dyn ChainPrompt>,
    build: Build,
    answer: Answer,
    arguments: Arguments,
    plain: DynRunnable,
    /// Used for inputs with a `stop`.
    stopping: DynRunnable,
}

impl Asking {
    pub(crate) fn new<M>(prompt: Arc<dyn ChainPrompt>, llm: M) -> Self
    where
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String> + Into<Data>,
    {
        let (asked, llm) = (Arc::clone(&prompt), Arc::new(llm));
        let build = move |arguments: Arguments, answer: &Answer| {
            let (prompt, llm) = (Arc::clone(&asked), Arc::clone(&llm));
            if arguments.is_empty() {
                return answered(prompt.pipe(llm), answer);
            }
            answered(prompt.pipe(llm.bind_all(arguments)), answer)
        };
        Self::built(prompt, Arc::new(build), Answer::Text, Arguments::new())
    }

    pub(crate) fn with_argument(mut self, name: String, value: Value) -> Self {
        self.arguments.insert(name, value);
        Self::built(self.prompt, self.build, self.answer, self.arguments)
    }

    pub(crate) fn with_answer(self, answer: Answer) -> Self {
        Self::built(self.prompt, self.build, answer, self.arguments)
    }

    fn built(prompt: Arc<dyn ChainPrompt>, build: Build, answer: Answer, arguments: Arguments) -> Self {
        let plain = build(arguments.clone(), &answer);
        let (builds, made, more) = (Arc::clone(&build), answer.clone(), arguments.clone());
        let stopping = delegate(move |input: &Data, _: &Context| {
            let mut arguments = more.clone();
            if let Some(stop) = stop(input) {
                arguments.insert("stop".to_owned(), stop.clone().into_json());
            }
            Ok(builds(arguments, &made))
        });
        Self { prompt, build, answer, arguments, plain, stopping: stopping.with_name("stopping").boxed() }
    }

    fn steps(&self, input: &Data) -> &DynRunnable {
        if stop(input).is_some() { &self.stopping } else { &self.plain }
    }
}

fn answered<R>(asked: R, answer: &Answer) -> DynRunnable
where
    R: Runnable<Input = Data> + 'static,
    R::Output: Into<String> + Into<Data>,
{
    match answer {
        Answer::Text => asked.pipe(StrOutputParser).dynamic(),
        Answer::Whole => asked.dynamic(),
        Answer::Through(step) => asked.pipe(step.clone()).dynamic(),
    }
}

/// Returns the stop sequences of an input.
pub(crate) fn stop(input: &Data) -> Option<&Data> {
    input.get("stop").filter(|stop| **stop != Data::Null)
}

#[async_trait]
impl Runnable for Asking {
    type Input = Data;
    type Output = Data;

    async fn call(&self, input: Data, cx: &Context) -> Result<Data> {
        self.steps(&input).call(input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        let output = async move {
            let Some(input) = gather(input).await? else { return Ok(stream::empty().boxed()) };
            Ok(self.steps(&input).transform(stream::iter([Ok(input)]).boxed(), cx))
        };
        stream::once(output).try_flatten().boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        self.plain.name()
    }

    fn outline(&self) -> Outline {
        self.plain.outline()
    }
}
