//! Selection by maximal marginal relevance: similarity to the input balanced against diversity.

use std::sync::Arc;

use async_trait::async_trait;

use super::ExampleSelector;
use super::embedded::{Embedded, Found, cosine};
use super::semantic_similarity::COUNT;
use crate::{Data, Embeddings, Result};

/// The default number of nearest examples considered.
const CANDIDATES: usize = 20;

/// The weight of relevance against diversity.
const RELEVANCE: f32 = 0.5;

/// Selects examples one at a time, each similar to the input and dissimilar to those already selected.
///
/// # Example
/// ```
/// use catena_core::{async_trait, vars, Embeddings, ExampleSelector, MaxMarginalRelevanceExampleSelector, Result};
/// struct Letters;
/// #[async_trait]
/// impl Embeddings for Letters {
///     async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
///         let count = |text: &String, letter| text.matches(letter).count() as f32;
///         Ok(texts.iter().map(|text| ('a'..='z').map(|letter| count(text, letter)).collect()).collect())
///     }
/// }
/// # futures_executor::block_on(async {
/// let examples = [vars! { word: "aab" }, vars! { word: "aba" }, vars! { word: "abbb" }];
/// let selector = MaxMarginalRelevanceExampleSelector::new(Letters, examples).await?.with_count(2);
/// assert_eq!(selector.select_examples(&vars! { word: "ab" }).await?, [vars! { word: "aab" }, vars! { word: "abbb" }]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MaxMarginalRelevanceExampleSelector {
    examples: Embedded,
    count: usize,
    candidates: usize,
}

impl MaxMarginalRelevanceExampleSelector {
    /// Embeds the examples and creates a selector.
    ///
    /// # Errors
    /// Those of the embedding model.
    #[doc(alias = "from_examples")]
    pub async fn new<T: Into<Data>>(
        embeddings: impl Embeddings + 'static,
        examples: impl IntoIterator<Item = T>,
    ) -> Result<Self> {
        let mut embedded = Embedded::new(Arc::new(embeddings), Vec::new());
        embedded.add(examples.into_iter().map(Into::into).collect()).await?;
        Ok(Self { examples: embedded, count: COUNT, candidates: CANDIDATES })
    }

    /// Sets the number of examples selected; 4 by default.
    #[must_use]
    pub fn with_count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// Sets the number of nearest examples considered; 20 by default.
    #[doc(alias = "fetch_k")]
    #[must_use]
    pub fn with_candidates(mut self, candidates: usize) -> Self {
        self.candidates = candidates;
        self
    }
}

#[async_trait]
impl ExampleSelector for MaxMarginalRelevanceExampleSelector {
    async fn select_examples(&self, input: &Data) -> Result<Vec<Data>> {
        let mut left = self.examples.nearest(input, self.candidates).await?;
        // For each remaining candidate, its similarity to the most similar of those selected.
        let mut nearest = vec![0.0_f32; left.len()];
        let mut chosen: Vec<Data> = Vec::new();
        while chosen.len() < self.count && !left.is_empty() {
            let at = best(&left, &nearest, chosen.is_empty());
            nearest.remove(at);
            let taken = left.remove(at);
            for (nearest, other) in nearest.iter_mut().zip(&left) {
                let similarity = cosine(taken.vector, other.vector);
                *nearest = if chosen.is_empty() { similarity } else { nearest.max(similarity) };
            }
            chosen.push(taken.example.clone());
        }
        Ok(chosen)
    }
}

/// Returns the index of the best candidate: first the most similar to the input, then the one with the highest marginal
/// relevance.
fn best(left: &[Found<'_>], nearest: &[f32], first: bool) -> usize {
    let worth = left.iter().zip(nearest).map(|(found, nearest)| {
        if first { found.similarity } else { RELEVANCE * found.similarity - (1.0 - RELEVANCE) * nearest }
    });
    let mut best = (0, f32::NEG_INFINITY);
    for (at, worth) in worth.enumerate() {
        if worth > best.1 {
            best = (at, worth);
        }
    }
    best.0
}
