//! One answer in progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catena_core::{Error, Result, Usage};
use futures_channel::mpsc::UnboundedSender;

use crate::answer_text::{AnswerText, Grown};
use crate::model::{KvCache, Part};
use crate::sampler::Sampler;
use crate::settings::Settings;
use crate::tokenizer::Tokenizer;

/// A caller's request to the worker.
pub(crate) struct Job {
    pub(crate) prompt: Vec<u32>,
    pub(crate) settings: Settings,
    /// Closed when the caller has dropped the call.
    pub(crate) answer: UnboundedSender<Result<Piece>>,
    pub(crate) place: Option<Place>,
}

/// One of the limited slots for calls, released when dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    /// Takes a slot; `None` if the limit is reached.
    pub(crate) fn take(taken: &Arc<AtomicUsize>, limit: usize) -> Option<Self> {
        let more = |taken| (taken < limit).then_some(taken + 1);
        taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(taken.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A piece of an answer; the last one says how the answer ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) end: Option<End>,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) finish_reason: &'static str,
    pub(crate) usage: Usage,
}

/// A job in progress.
pub(crate) struct Generation {
    job: Job,
    cache: KvCache,
    sampler: Sampler,
    text: Option<AnswerText>,
    /// The last token chosen, which is not in the cache yet.
    last: Option<[u32; 1]>,
    made: usize,
    most: usize,
    remembered: usize,
}

impl Generation {
    /// Creates a generation. `cache` may hold a prefix of the prompt; everything else in it is discarded.
    pub(crate) fn new(job: Job, mut cache: KvCache, context: usize) -> Self {
        // The last token is always computed, because the cache does not hold what follows it.
        let remembered = cache.common(&job.prompt).min(job.prompt.len() - 1);
        cache.truncate(remembered);
        let sampler = Sampler::new(job.settings.clone(), &job.prompt);
        let text = Some(AnswerText::new(job.settings.stop.clone()));
        let room = context - job.prompt.len();
        let most = job.settings.max_tokens.map_or(room, |most| most.min(room));
        Self { job, cache, sampler, text, last: None, made: 0, most, remembered }
    }

    /// Returns true if the caller has dropped the call.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.job.answer.is_closed()
    }

    /// Returns true while the prompt is being processed (prefill).
    pub(crate) fn is_reading(&self) -> bool {
        self.last.is_none()
    }

    /// Returns what to compute next: the next token, or at most `most` tokens of the prompt.
    pub(crate) fn part(&mut self, most: usize) -> Part<'_> {
        let tokens: &[u32] = match &self.last {
            Some(last) => last,
            None => {
                let rest = &self.job.prompt[self.cache.len()..];
                &rest[..rest.len().min(most)]
            }
        };
        let asks = self.last.is_some() || self.cache.len() + tokens.len() == self.job.prompt.len();
        Part { cache: &mut self.cache, tokens, asks }
    }

    /// Advances by one token. Returns false once the answer has ended.
    pub(crate) fn advance(&mut self, logits: Vec<f32>, tokenizer: &Tokenizer) -> bool {
        let token = self.sampler.choose(logits);
        self.made += 1;
        self.last = Some([token]);
        if tokenizer.is_end(token) {
            return self.end(String::new(), "stop");
        }
        let Some(text) = &mut self.text else { return false };
        match text.push(tokenizer.bytes(token)) {
            Grown::Ended(text) => {
                self.text = None;
                self.end(text, "stop")
            }
            Grown::By(text) if self.made >= self.most => self.end(text, "length"),
            Grown::By(text) => text.is_empty() || self.send(Ok(Piece { text, end: None })),
        }
    }

    fn end(&mut self, mut text: String, finish_reason: &'static str) -> bool {
        text.extend(self.text.take().map(AnswerText::finish));
        let mut usage = Usage::new(self.job.prompt.len() as u64, self.made as u64);
        usage.input_token_details.cache_read = (self.remembered > 0).then_some(self.remembered as u64);
        // Released before the end is sent, so that whoever then calls again finds a free slot.
        self.job.place = None;
        self.send(Ok(Piece { text, end: Some(End { finish_reason, usage }) }));
        false
    }

    /// Fails the answer with an error.
    pub(crate) fn fail(mut self, error: &Error) {
        self.job.place = None;
        self.send(Err(error.clone()));
    }

    fn send(&self, piece: Result<Piece>) -> bool {
        self.job.answer.unbounded_send(piece).is_ok()
    }

    /// Returns the cache, for prompts with the same prefix.
    pub(crate) fn into_cache(self) -> KvCache {
        self.cache
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_given_back() {
        let taken = Arc::default();
        let first = Place::take(&taken, 2);
        let second = Place::take(&taken, 2);
        assert!(first.is_some() && second.is_some() && Place::take(&taken, 2).is_none());
        drop(first);
        assert!(Place::take(&taken, 2).is_some());
    }
}
