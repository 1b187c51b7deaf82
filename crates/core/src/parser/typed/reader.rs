//! Incremental parsing of an answer as a value of some form.

use crate::parser::budget::Budget;
use crate::parser::failure::failed;
use crate::parser::json::{Answer, Piece};
use crate::parser::refusal::check_not_refused;
use crate::parser::stepwise::Stepwise;
use crate::{AiMessage, Chunk, Json, Result};

/// The required form of an answer.
pub(in crate::parser) trait Form: Send + Sync {
    type Output: Chunk;

    /// Returns the name of the form.
    fn what(&self) -> &str;

    /// Converts the JSON to a value, or returns what was expected.
    fn read(&self, json: Json) -> Result<Self::Output, String>;

    /// Returns whether emitting `next` after `given` would be redundant.
    fn is_same(&self, given: &Self::Output, next: &Self::Output) -> bool;
}

/// Emits the value whenever the answer so far has the form, as often as the budget allows.
pub(in crate::parser) struct FormReader<'a, F: Form> {
    form: &'a F,
    answer: Answer,
    refusal: String,
    budget: Budget,
    /// The JSON that was converted last, and the result.
    read: Option<(Piece, Result<(), String>)>,
    given: Option<F::Output>,
}

impl<'a, F: Form> FormReader<'a, F> {
    pub(in crate::parser) fn new(form: &'a F) -> Self {
        Self {
            form,
            answer: Answer::new(false),
            refusal: String::new(),
            budget: Budget::default(),
            read: None,
            given: None,
        }
    }

    fn read_on(&mut self, piece: Piece, give: &mut dyn FnMut(F::Output)) {
        let value = self.form.read(self.answer.value(piece.start, piece.mark.cut));
        let read = value.map(|value| {
            if !self.given.as_ref().is_some_and(|given| self.form.is_same(given, &value)) {
                self.given = Some(value.clone());
                give(value);
            }
        });
        self.read = Some((piece, read));
    }

    fn has_read(&self, piece: &Piece) -> bool {
        self.read.as_ref().is_some_and(|(read, _)| read.says_the_same(piece))
    }
}

impl<F: Form> Stepwise for FormReader<'_, F> {
    type Input = AiMessage;
    type Output = F::Output;

    fn push(&mut self, chunk: AiMessage, give: &mut dyn FnMut(F::Output)) {
        if let Some(refusal) = &chunk.refusal {
            self.refusal.push_str(refusal);
        }
        let text = chunk.text();
        self.budget.grow(text.len());
        if let Some(piece) = self.answer.push(&text)
            && !self.has_read(&piece)
            && self.budget.allows()
        {
            self.read_on(piece, give);
        }
    }

    fn end(&mut self, give: &mut dyn FnMut(F::Output)) -> Result<()> {
        check_not_refused(&self.refusal)?;
        let piece = self.answer.end()?;
        if !self.has_read(&piece) {
            self.read_on(piece, give);
        }
        match &self.read {
            Some((_, Err(expected))) => {
                let expected = expected.clone();
                Err(self.answer.with_text(|text| failed(self.form.what(), text, expected)))
            }
            _ => Ok(()),
        }
    }
}
