//! Parsed values together with the raw answers.

use std::sync::Arc;

use serde_json::{Value, json};

use super::form::{AnswerForm, Reading};
use crate::parser::stepwise::Stepwise;
use crate::{AiMessage, Chunk, Error, Outline, Result};

/// A parsed value, or the parsing error, together with the model's message. Returned with
/// [`include_raw`](crate::StructuredOutput::include_raw).
///
/// While the answer is streamed, a chunk holds either a chunk of the message or the value so far.
///
/// # Example
/// See [`include_raw`](crate::StructuredOutput::include_raw).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WithRaw<O> {
    /// The model's message.
    pub raw: AiMessage,
    /// The parsed value. `None` if parsing failed.
    pub parsed: Option<O>,
    /// The parsing error.
    pub parsing_error: Option<Error>,
}

impl<O> WithRaw<O> {
    /// Returns the parsed value.
    ///
    /// # Errors
    /// The parsing error.
    pub fn into_parsed(self) -> Result<O> {
        match (self.parsed, self.parsing_error) {
            (Some(parsed), None) => Ok(parsed),
            (_, Some(error)) => Err(error),
            (None, None) => Err(Error::new(crate::ErrorKind::Parse, "the answer is empty")),
        }
    }
}

impl<O> Default for WithRaw<O> {
    fn default() -> Self {
        Self { raw: AiMessage::default(), parsed: None, parsing_error: None }
    }
}

/// Keeps the last value; none once there is an error.
impl<O: Chunk> Chunk for WithRaw<O> {
    fn merge(&mut self, next: Self) {
        self.raw.merge(next.raw);
        self.parsing_error = next.parsing_error.or_else(|| self.parsing_error.take());
        self.parsed = next.parsed.or_else(|| self.parsed.take()).filter(|_| self.parsing_error.is_none());
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        json!({
            "raw": self.raw,
            "parsed": self.parsed.as_ref().map(Chunk::to_json),
            "parsing_error": self.parsing_error.as_ref().map(ToString::to_string),
        })
    }
}

/// A form whose parsed values are returned with the raw answer.
pub(crate) struct RawForm<O>(pub(crate) Arc<dyn AnswerForm<Output = O>>);

impl<O: Chunk> AnswerForm for RawForm<O> {
    type Output = WithRaw<O>;

    fn reading(&self) -> Reading<'_, WithRaw<O>> {
        Box::new(RawReading(self.0.reading()))
    }

    fn outlined(&self, outline: Outline) -> Outline {
        outline
    }
}

struct RawReading<'a, O>(Reading<'a, O>);

impl<O: Chunk> Stepwise for RawReading<'_, O> {
    type Input = AiMessage;
    type Output = WithRaw<O>;

    fn push(&mut self, chunk: AiMessage, give: &mut dyn FnMut(WithRaw<O>)) {
        give(WithRaw { raw: chunk.clone(), ..WithRaw::default() });
        self.0.push(chunk, &mut |value| give(WithRaw { parsed: Some(value), ..WithRaw::default() }));
    }

    fn end(&mut self, give: &mut dyn FnMut(WithRaw<O>)) -> Result<()> {
        let failed = self.0.failure();
        let ended = failed.map_or_else(
            || self.0.end(&mut |value| give(WithRaw { parsed: Some(value), ..WithRaw::default() })),
            Err,
        );
        if let Err(error) = ended {
            give(WithRaw { parsing_error: Some(error), ..WithRaw::default() });
        }
        Ok(())
    }
}
