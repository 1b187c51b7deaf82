//! Examples with their embeddings.

use std::fmt;
use std::sync::Arc;

use super::text_of_record;
use crate::{Data, Embeddings, Error, ErrorKind, Result};

/// Examples that can be searched by semantic similarity.
#[derive(Clone)]
pub(super) struct Embedded {
    embeddings: Arc<dyn Embeddings>,
    examples: Vec<(Data, Vec<f32>)>,
    /// The names of the values that are embedded; empty for all.
    names: Vec<String>,
}

impl Embedded {
    pub(super) fn new(embeddings: Arc<dyn Embeddings>, names: Vec<String>) -> Self {
        Self { embeddings, examples: Vec::new(), names }
    }

    pub(super) async fn add(&mut self, examples: Vec<Data>) -> Result<()> {
        let texts: Vec<String> =
            examples.iter().map(|example| text_of_record(example, &self.names)).collect();
        let vectors = self.embeddings.embed_documents(&texts).await?;
        let length =
            self.examples.iter().map(|(_, vector)| vector.len()).chain(vectors.iter().map(Vec::len)).next();
        if vectors.len() != examples.len() || vectors.iter().any(|vector| Some(vector.len()) != length) {
            let message = "the embedding model did not return one vector per example, all of the same length";
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        self.examples.extend(examples.into_iter().zip(vectors));
        Ok(())
    }

    /// Returns the embedding of an input and the `count` most similar examples, in descending order of similarity.
    pub(super) async fn nearest(&self, input: &Data, count: usize) -> Result<Vec<Found<'_>>> {
        let query = self.embeddings.embed_query(&text_of_record(input, &self.names)).await?;
        if self.examples.first().is_some_and(|(_, vector)| vector.len() != query.len()) {
            let message = "the vector of the input has another length than those of the examples";
            return Err(Error::new(ErrorKind::InvalidResponse, message));
        }
        let found = self.examples.iter().map(|(example, vector)| {
            let similarity = cosine(&query, vector);
            Found { example, vector, similarity }
        });
        let mut found: Vec<Found<'_>> = found.collect();
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        found.truncate(count);
        Ok(found)
    }
}

/// An example and its similarity to the input.
pub(super) struct Found<'a> {
    pub(super) example: &'a Data,
    pub(super) vector: &'a [f32],
    pub(super) similarity: f32,
}

/// Returns the cosine similarity of two vectors; 0 if either is zero.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norm = (dot(a, a) * dot(b, b)).sqrt();
    if norm > 0.0 { dot(a, b) / norm } else { 0.0 }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("examples", &self.examples.len())
            .field("names", &self.names)
            .finish()
    }
}
