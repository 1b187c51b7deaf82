//! A parser that returns the text.

use async_trait::async_trait;
use futures_util::future;

use crate::load::Constructor;
use crate::{ChunkStream, Context, Outline, OutputParser, Result, RunKind, Runnable};

/// Returns the text of a model's answer, streaming it chunk by chunk.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeChatModel, RunnableExt, StrOutputParser};
/// # futures_executor::block_on(async {
/// let chain = FakeChatModel::new(["Colorful Socks"]) | StrOutputParser;
/// assert_eq!(chain.invoke("A name for a company that makes socks?").await?, "Colorful Socks");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct StrOutputParser;

#[async_trait]
impl Runnable for StrOutputParser {
    type Input = String;
    type Output = String;

    fn call<'s, 'c, 'f>(&'s self, text: String, _cx: &'c Context) -> future::BoxFuture<'f, Result<String>>
    where
        's: 'f,
        'c: 'f,
        Self: 'f,
    {
        Box::pin(future::ready(Ok(text)))
    }

    fn transform<'a>(&'a self, text: ChunkStream<'a, String>, _cx: Context) -> ChunkStream<'a, String> {
        text
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }

    fn outline(&self) -> Outline {
        let made = Constructor::new(["langchain", "schema", "output_parser", "StrOutputParser"]);
        Outline::of(self).with_constructor(made)
    }
}

crate::impl_pipe!(StrOutputParser);

/// Accepts any text.
impl OutputParser for StrOutputParser {
    fn format_instructions(&self) -> String {
        String::new()
    }
}
