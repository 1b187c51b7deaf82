//! The computing thread: generates all answers in progress concurrently, token by token.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use catena_core::Error;

use crate::generation::{Generation, Job};
use crate::model::{KvCache, Llama};
use crate::tokenizer::Tokenizer;

/// How many prompt tokens, of all prompts together, are processed between two tokens of an answer. More would process
/// prompts faster, but delay the answers in progress.
const READ_AT_ONCE: usize = 32;

/// The model, and all calls to it.
pub(crate) struct Worker {
    pub(crate) model: Llama,
    pub(crate) tokenizer: Arc<Tokenizer>,
    pub(crate) context: usize,
    pub(crate) max_active: usize,
    pub(crate) kept_prompts: usize,
    pub(crate) waiting: VecDeque<Job>,
    pub(crate) active: Vec<Generation>,
    /// Caches of finished answers, the latest last.
    pub(crate) kept: VecDeque<KvCache>,
}

impl Worker {
    /// Runs until no handle is left.
    pub(crate) fn run(mut self, jobs: Receiver<Job>) {
        loop {
            if self.active.is_empty() && self.waiting.is_empty() {
                let Ok(job) = jobs.recv() else { return };
                self.waiting.push_back(job);
            }
            self.waiting.extend(jobs.try_iter());
            self.leave_the_abandoned();
            self.admit();
            self.step();
        }
    }

    /// Drops calls that the caller has dropped, so that they cost no further token.
    fn leave_the_abandoned(&mut self) {
        self.waiting.retain(|job| !job.answer.is_closed());
        for index in (0..self.active.len()).rev() {
            if self.active[index].is_abandoned() {
                self.retire(index);
            }
        }
    }

    fn admit(&mut self) {
        while self.active.len() < self.max_active
            && let Some(job) = self.waiting.pop_front()
        {
            let cache = self.cache_for(&job.prompt);
            self.active.push(Generation::new(job, cache, self.context));
        }
    }

    /// Returns the kept cache with the longest common prefix of the prompt, or an empty one.
    fn cache_for(&mut self, prompt: &[u32]) -> KvCache {
        let known = self.kept.iter().enumerate().map(|(index, cache)| (cache.common(prompt), index));
        match known.max() {
            Some((1.., index)) => self.kept.remove(index),
            _ => None,
        }
        .unwrap_or_else(|| KvCache::new(self.model.shape()))
    }

    /// Computes one token of every answer in progress, and some tokens of the prompts still being processed.
    fn step(&mut self) {
        if self.active.is_empty() {
            return;
        }
        let reading = self.active.iter().filter(|generation| generation.is_reading()).count();
        let share = (READ_AT_ONCE / reading.max(1)).max(1);
        let mut parts: Vec<_> = self.active.iter_mut().map(|generation| generation.part(share)).collect();
        match self.model.forward(&mut parts) {
            Ok(logits) => self.advance(logits),
            Err(error) => self.fail(&error),
        }
    }

    fn advance(&mut self, logits: Vec<Option<Vec<f32>>>) {
        for (index, logits) in logits.into_iter().enumerate().rev() {
            if let Some(logits) = logits
                && !self.active[index].advance(logits, &self.tokenizer)
            {
                self.retire(index);
            }
        }
    }

    fn fail(&mut self, error: &Error) {
        for generation in self.active.drain(..) {
            generation.fail(error);
        }
    }

    /// Ends a generation, and keeps its cache while there is room.
    fn retire(&mut self, index: usize) {
        self.kept.push_back(self.active.remove(index).into_cache());
        if self.kept.len() > self.kept_prompts {
            self.kept.pop_front();
        }
    }
}
