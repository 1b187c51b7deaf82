//! Parsing of the JSON in an answer, independent of what is emitted.

use super::answer::{Answer, Piece};
use crate::parser::refusal::check_not_refused;
use crate::parser::stepwise::Stepwise;
use crate::{AiMessage, Chunk, Result};

/// Determines what is emitted when the value has changed.
pub(super) trait Emit: Send {
    type Output: Chunk;

    /// See [`Tolerance::hold`](super::tolerance::Tolerance::hold).
    const HOLD: bool;

    /// Returns the output for the new value of the answer.
    fn emit(&mut self, answer: &Answer, piece: Piece) -> Self::Output;
}

/// Emits an output each time the value changes.
pub(super) struct JsonReader<E> {
    emit: E,
    answer: Answer,
    given: Option<Piece>,
    refusal: String,
}

impl<E: Emit> JsonReader<E> {
    pub(super) fn new(emit: E) -> Self {
        Self { emit, answer: Answer::new(E::HOLD), given: None, refusal: String::new() }
    }

    fn give_changed(&mut self, piece: Piece, give: &mut dyn FnMut(E::Output)) {
        if !self.given.is_some_and(|given| given.says_the_same(&piece)) {
            self.given = Some(piece);
            give(self.emit.emit(&self.answer, piece));
        }
    }
}

impl<E: Emit> Stepwise for JsonReader<E> {
    type Input = AiMessage;
    type Output = E::Output;

    fn push(&mut self, chunk: AiMessage, give: &mut dyn FnMut(E::Output)) {
        if let Some(refusal) = &chunk.refusal {
            self.refusal.push_str(refusal);
        }
        if let Some(piece) = self.answer.push(&chunk.text()) {
            self.give_changed(piece, give);
        }
    }

    fn end(&mut self, give: &mut dyn FnMut(E::Output)) -> Result<()> {
        check_not_refused(&self.refusal)?;
        let piece = self.answer.end()?;
        self.give_changed(piece, give);
        Ok(())
    }
}
