//! Fake models as chains ask them.

use std::borrow::Cow;

use catena::{
    Chunk, ChunkStream, Context, Data, DynRunnable, PromptValue, Result, RunKind, Runnable, StreamExt,
    async_trait,
};

/// A model whose answers are messages or texts, as the node that made it says.
pub(super) struct Model(pub(super) DynRunnable);

/// An answer: a message or a text.
#[derive(Debug, Clone)]
pub(super) struct Said(Data);

impl Chunk for Said {
    fn merge(&mut self, next: Self) {
        self.0.merge(next.0);
    }
}

impl From<Said> for Data {
    fn from(said: Said) -> Self {
        said.0
    }
}

impl From<Said> for String {
    fn from(said: Said) -> Self {
        match said.0 {
            Data::Message(message) => message.text().into_owned(),
            other => other.as_text().unwrap_or_default().to_owned(),
        }
    }
}

#[async_trait]
impl Runnable for Model {
    type Input = PromptValue;
    type Output = Said;

    async fn call(&self, prompt: PromptValue, cx: &Context) -> Result<Said> {
        self.0.call(prompt.into(), cx).await.map(Said)
    }

    fn transform<'a>(&'a self, prompt: ChunkStream<'a, PromptValue>, cx: Context) -> ChunkStream<'a, Said> {
        let prompt = prompt.map(|chunk| chunk.map(Data::from)).boxed();
        self.0.transform(prompt, cx).map(|chunk| chunk.map(Said)).boxed()
    }

    fn name(&self) -> Cow<'_, str> {
        self.0.name()
    }

    fn kind(&self) -> RunKind {
        self.0.kind()
    }
}
