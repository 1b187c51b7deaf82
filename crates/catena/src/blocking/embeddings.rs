//! The blocking view of embedding models.

use std::fmt;

use super::block_on;
use crate::{Embeddings, Result};

/// Adds a blocking view to every embedding model.
///
/// # Example
/// ```
/// use catena::{async_trait, prelude::*};
///
/// /// Counts letters.
/// struct Letters; // or OpenAiEmbeddings::new("text-embedding-3-small")?
///
/// #[async_trait]
/// impl Embeddings for Letters {
///     async fn embed_documents(&self, texts: &[String]) -> catena::Result<Vec<Vec<f32>>> {
///         Ok(texts.iter().map(|text| vec![text.len() as f32]).collect())
///     }
/// }
///
/// assert_eq!(Letters.blocking().embed_documents(["one", "three"])?, [[3.0], [5.0]]);
/// assert_eq!(Letters.blocking().embed_query("four")?, [4.0]);
/// # Ok::<(), catena::Error>(())
/// ```
pub trait BlockingEmbeddingsExt: Embeddings {
    /// Returns the methods of this model without `async`; see [`catena::blocking`](crate::blocking).
    fn blocking(&self) -> BlockingEmbeddings<'_, Self> {
        BlockingEmbeddings { model: self }
    }
}

impl<E: Embeddings + ?Sized> BlockingEmbeddingsExt for E {}

/// The methods of an embedding model without `async`. Created by [`BlockingEmbeddingsExt::blocking`].
pub struct BlockingEmbeddings<'a, E: ?Sized> {
    model: &'a E,
}

impl<E: Embeddings + ?Sized> BlockingEmbeddings<'_, E> {
    /// Embeds texts to search in. See [`Embeddings::embed_documents`].
    pub fn embed_documents<T: Into<String>>(
        &self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        block_on(self.model.embed_documents(&texts))?
    }

    /// Embeds a search query. See [`Embeddings::embed_query`].
    pub fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        block_on(self.model.embed_query(text))?
    }
}

impl<E: ?Sized> fmt::Debug for BlockingEmbeddings<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingEmbeddings").finish_non_exhaustive()
    }
}
