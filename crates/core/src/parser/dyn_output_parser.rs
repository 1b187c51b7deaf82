//! Type-erased output parsers.

use std::borrow::Cow;

use async_trait::async_trait;

use crate::{
    ChunkStream, Context, Data, DynRunnable, FromData, Outline, OutputParser, Result, RunKind, Runnable,
    RunnableExt,
};

/// An output parser whose type is erased, so that different parsers can be stored together.
///
/// # Example
/// ```
/// use catena_core::{BooleanOutputParser, DynOutputParser, NumberedListOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let parsers =
///     [DynOutputParser::new(BooleanOutputParser::new()), DynOutputParser::new(NumberedListOutputParser)];
/// assert_eq!(parsers[0].invoke("Yes").await?, true.into());
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct DynOutputParser {
    parser: DynRunnable,
    format_instructions: String,
}

impl DynOutputParser {
    /// Wraps a parser.
    pub fn new<P>(parser: P) -> Self
    where
        P: OutputParser + 'static,
        P::Input: FromData,
        P::Output: Into<Data>,
    {
        Self { format_instructions: parser.format_instructions(), parser: parser.dynamic() }
    }

    /// Wraps a step, together with the format instructions for the answers that it parses.
    pub fn from_runnable(parser: DynRunnable, format_instructions: impl Into<String>) -> Self {
        Self { parser, format_instructions: format_instructions.into() }
    }
}

#[async_trait]
impl Runnable for DynOutputParser {
    type Input = Data;
    type Output = Data;

    async fn call(&self, answer: Data, cx: &Context) -> Result<Data> {
        self.parser.call(answer, cx).await
    }

    fn transform<'a>(&'a self, answer: ChunkStream<'a, Data>, cx: Context) -> ChunkStream<'a, Data> {
        self.parser.transform(answer, cx)
    }

    fn name(&self) -> Cow<'_, str> {
        self.parser.name()
    }

    fn kind(&self) -> RunKind {
        self.parser.kind()
    }

    fn outline(&self) -> Outline {
        self.parser.outline()
    }
}

crate::impl_pipe!(DynOutputParser);

impl OutputParser for DynOutputParser {
    fn format_instructions(&self) -> String {
        self.format_instructions.clone()
    }
}
