//! The interface common to all forms of structured answers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::parser::stepwise::{Stepwise, parse_all, parse_stream};
use crate::{AiMessage, Chunk, ChunkStream, Context, Outline, Result, RunKind, Runnable};

/// The incremental parsing of one answer.
pub(crate) type Reading<'a, O> = Box<dyn Stepwise<Input = AiMessage, Output = O> + 'a>;

/// The required form of an answer.
pub(crate) trait AnswerForm: Send + Sync {
    type Output: Chunk;

    /// Starts parsing an answer.
    fn reading(&self) -> Reading<'_, Self::Output>;

    /// Adds the form to the outline of its parser.
    fn outlined(&self, outline: Outline) -> Outline {
        outline
    }
}

/// Parses answers of a form.
pub(crate) struct StructuredAnswerParser<O>(Arc<dyn AnswerForm<Output = O>>);

impl<O: Chunk> StructuredAnswerParser<O> {
    pub(crate) fn new(form: Arc<dyn AnswerForm<Output = O>>) -> Self {
        Self(form)
    }
}

#[async_trait]
impl<O: Chunk> Runnable for StructuredAnswerParser<O> {
    type Input = AiMessage;
    type Output = O;

    async fn call(&self, answer: AiMessage, _cx: &Context) -> Result<O> {
        parse_all(self.0.reading(), answer)
    }

    fn transform<'a>(&'a self, answer: ChunkStream<'a, AiMessage>, _cx: Context) -> ChunkStream<'a, O> {
        parse_stream(self.0.reading(), answer)
    }

    fn name(&self) -> Cow<'_, str> {
        "StructuredAnswerParser".into()
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }

    fn outline(&self) -> Outline {
        self.0.outlined(Outline::of(self))
    }
}

impl<O> Clone for StructuredAnswerParser<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<O> fmt::Debug for StructuredAnswerParser<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StructuredAnswerParser")
    }
}

impl<O: Chunk> Stepwise for Reading<'_, O> {
    type Input = AiMessage;
    type Output = O;

    fn push(&mut self, chunk: AiMessage, give: &mut dyn FnMut(O)) {
        (**self).push(chunk, give);
    }

    fn failure(&mut self) -> Option<crate::Error> {
        (**self).failure()
    }

    fn end(&mut self, give: &mut dyn FnMut(O)) -> Result<()> {
        (**self).end(give)
    }
}
