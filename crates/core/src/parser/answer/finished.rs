//! Parsing only of answers that are complete.

use crate::parser::stepwise::Stepwise;
use crate::{AiMessage, Error, ErrorKind, Result};

/// Fails at the end of a truncated answer, which might otherwise be taken for a complete one.
pub(super) struct Finished<P> {
    inner: P,
    /// Whether the answer is the text; a tool call that was complete before the limit was reached is accepted.
    is_text: bool,
    end: Option<Cut>,
    refused: bool,
}

#[derive(Clone, Copy)]
enum Cut {
    Length,
    Filter,
}

impl<P> Finished<P> {
    pub(super) fn new(inner: P, is_text: bool) -> Self {
        Self { inner, is_text, end: None, refused: false }
    }
}

impl<P: Stepwise<Input = AiMessage>> Stepwise for Finished<P> {
    type Input = AiMessage;
    type Output = P::Output;

    fn push(&mut self, chunk: AiMessage, give: &mut dyn FnMut(P::Output)) {
        self.end = cut(&chunk).or(self.end);
        self.refused |= chunk.refusal.as_ref().is_some_and(|refusal| !refusal.is_empty());
        self.inner.push(chunk, give);
    }

    fn failure(&mut self) -> Option<Error> {
        self.inner.failure()
    }

    fn end(&mut self, give: &mut dyn FnMut(P::Output)) -> Result<()> {
        match self.end.filter(|_| !self.refused) {
            Some(Cut::Filter) => {
                Err(Error::new(ErrorKind::ContentFilter, "a content filter withheld the answer"))
            }
            Some(Cut::Length) if self.is_text => Err(truncated()),
            Some(Cut::Length) => self.inner.end(give).map_err(|_| truncated()),
            None => self.inner.end(give),
        }
    }
}

fn truncated() -> Error {
    let message = "the answer was cut off at the token limit: raise the maximum number of output tokens";
    Error::new(ErrorKind::OutputTruncated, message)
}

/// Returns why the answer was truncated, if it was. Some providers report this without a finish reason.
fn cut(chunk: &AiMessage) -> Option<Cut> {
    let details = chunk.metadata.extra.get("incomplete_details");
    let incomplete = details.and_then(|details| details.get("reason")?.as_str());
    match chunk.metadata.finish_reason.as_deref().or(incomplete)? {
        "length" | "max_output_tokens" => Some(Cut::Length),
        "content_filter" => Some(Cut::Filter),
        _ => None,
    }
}
