//! The steps of a chain that asks a model: a prompt, the model with its arguments, its text.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use catena_core::{
    ChunkStream, Context, Data, DynRunnable, Outline, PromptValue, Result, Runnable, RunnableExt,
    StrOutputParser, delegate, gather,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value};

type Arguments = Map<String, Value>;
type Build = Arc<dyn Fn(Arguments) -> DynRunnable + Send + Sync>;

/// `prompt | llm | text`, where an input named `stop` goes to the model.
#[derive(Clone)]
pub(crate) struct Asking {
    build: Build,
    arguments: Arguments,
    plain: DynRunnable,
    /// For inputs with a `stop`.
    stopping: DynRunnable,
}

impl Asking {
    pub(crate) fn new<P, M>(prompt: P, llm: M) -> Self
    where
        P: Runnable<Input = Data, Output = PromptValue> + 'static,
        M: Runnable<Input = PromptValue> + 'static,
        M::Output: Into<String>,
    {
        let (prompt, llm) = (Arc::new(prompt), Arc::new(llm));
        let build = move |arguments: Arguments| {
            let (prompt, llm) = (Arc::clone(&prompt), Arc::clone(&llm));
            if arguments.is_empty() {
                return prompt.pipe(llm).pipe(StrOutputParser).dynamic();
            }
            prompt.pipe(llm.bind_all(arguments)).pipe(StrOutputParser).dynamic()
        };
        Self::built(Arc::new(build), Arguments::new())
    }

    pub(crate) fn with_argument(mut self, name: String, value: Value) -> Self {
        self.arguments.insert(name, value);
        Self::built(self.build, self.arguments)
    }

    fn built(build: Build, arguments: Arguments) -> Self {
        let plain = build(arguments.clone());
        let (builds, more) = (Arc::clone(&build), arguments.clone());
        let stopping = delegate(move |input: &Data, _: &Context| {
            let mut arguments = more.clone();
            if let Some(stop) = stop(input) {
                arguments.insert("stop".to_owned(), stop.clone().into_json());
            }
            Ok(builds(arguments))
        });
        Self { build, arguments, plain, stopping: stopping.with_name("stopping").boxed() }
    }

    fn steps(&self, input: &Data) -> &DynRunnable {
        if stop(input).is_some() { &self.stopping } else { &self.plain }
    }
}

fn stop(input: &Data) -> Option<&Data> {
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
