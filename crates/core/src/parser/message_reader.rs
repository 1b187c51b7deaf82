//! Incremental parsing of the non-text parts of a message.

use super::budget::Budget;
use super::refusal::check_not_refused;
use super::stepwise::Stepwise;
use crate::{AiMessage, Chunk, Error, Result};

/// A value derived from a message.
pub(super) trait MessageForm: Send + Sync {
    type Output: Chunk;

    /// Returns how many bytes of a chunk have to be read; 0 for a chunk that changes nothing.
    fn size(&self, chunk: &AiMessage) -> usize;

    /// Derives the value from the message so far, if there is one yet. Once `complete`, there always is.
    fn read(&self, message: &AiMessage, complete: bool) -> Result<Option<Self::Output>>;

    /// Returns whether emitting `next` after `given` would be redundant.
    fn is_same(&self, given: &Self::Output, next: &Self::Output) -> bool;
}

/// Emits the value derived from a message whenever it changes, as often as the budget allows.
pub(super) struct MessageReader<'a, F: MessageForm> {
    form: &'a F,
    message: Option<AiMessage>,
    budget: Budget,
    given: Option<F::Output>,
    /// An error that no later chunk can correct.
    failed: Option<Error>,
}

impl<'a, F: MessageForm> MessageReader<'a, F> {
    pub(super) fn new(form: &'a F) -> Self {
        Self { form, message: None, budget: Budget::default(), given: None, failed: None }
    }

    fn give_changed(&mut self, complete: bool, give: &mut dyn FnMut(F::Output)) -> Result<()> {
        let Some(message) = &self.message else { return Ok(()) };
        if let Some(next) = self.form.read(message, complete)?
            && !self.given.as_ref().is_some_and(|given| self.form.is_same(given, &next))
        {
            self.given = Some(next.clone());
            give(next);
        }
        Ok(())
    }
}

impl<F: MessageForm> Stepwise for MessageReader<'_, F> {
    type Input = AiMessage;
    type Output = F::Output;

    fn push(&mut self, chunk: AiMessage, give: &mut dyn FnMut(F::Output)) {
        let size = self.form.size(&chunk);
        let is_first = self.message.is_none();
        match &mut self.message {
            Some(message) => message.merge(chunk),
            message => *message = Some(chunk),
        }
        self.budget.grow(size);
        if self.failed.is_none() && (is_first || size > 0) && self.budget.allows() {
            self.failed = self.give_changed(false, give).err();
        }
    }

    fn end(&mut self, give: &mut dyn FnMut(F::Output)) -> Result<()> {
        let refusal = self.message.as_ref().and_then(|message| message.refusal.as_deref());
        check_not_refused(refusal.unwrap_or_default())?;
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.give_changed(true, give),
        }
    }
}

/// Implements what all parsers of messages have in common.
macro_rules! message_parser {
    ([$($generics:tt)*] $parser:ty, $name:literal, $output:ty) => {
        #[async_trait::async_trait]
        impl<$($generics)*> $crate::Runnable for $parser {
            type Input = $crate::AiMessage;
            type Output = $output;

            async fn call(&self, answer: $crate::AiMessage, _cx: &$crate::Context) -> $crate::Result<$output> {
                $crate::parser::stepwise::parse_all($crate::parser::message_reader::MessageReader::new(self), answer)
            }

            fn transform<'a>(
                &'a self,
                answer: $crate::ChunkStream<'a, $crate::AiMessage>,
                _cx: $crate::Context,
            ) -> $crate::ChunkStream<'a, $output> {
                $crate::parser::stepwise::parse_stream($crate::parser::message_reader::MessageReader::new(self), answer)
            }

            fn name(&self) -> std::borrow::Cow<'_, str> {
                $name.into()
            }

            fn kind(&self) -> $crate::RunKind {
                $crate::RunKind::Parser
            }
        }
    };
}
pub(super) use message_parser;
