//! Embeddings: texts as vectors, for similarity search.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Context, Error, ErrorKind, Result};

/// A model that maps texts to vectors such that similar meanings give similar vectors.
///
/// # Contract
/// The result has one vector per text, in the same order, and all vectors have the same length.
///
/// # Errors
/// Errors of the underlying service.
///
/// # Cancellation
/// Dropping the future aborts the request.
///
/// # Wrappers
/// None: embeddings are shared as `Arc<dyn Embeddings>`.
///
/// # Example
/// ```
/// use catena_core::{async_trait, Embeddings, Result};
///
/// /// Counts letters.
/// struct Letters;
///
/// #[async_trait]
/// impl Embeddings for Letters {
///     async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
///         let count = |text: &String, letter| text.matches(letter).count() as f32;
///         Ok(texts.iter().map(|text| ('a'..='z').map(|letter| count(text, letter)).collect()).collect())
///     }
/// }
///
/// # futures_executor::block_on(async {
/// assert_eq!(Letters.embed_query("abba").await?[..3], [2.0, 2.0, 0.0]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[async_trait]
pub trait Embeddings: Send + Sync {
    /// Returns the vectors of texts to be searched.
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;

    /// Returns the vector of a search query, which some models embed differently from documents.
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        let vectors = self.embed_documents(&[text.to_owned()]).await?;
        vectors.into_iter().next().ok_or_else(|| {
            Error::new(ErrorKind::InvalidResponse, "the model returned no vector for the text")
        })
    }

    /// Like [`embed_documents`](Self::embed_documents), as part of a run: subject to its limits, retry budget and
    /// timeout, and reporting usage to its observers.
    ///
    /// The default implementation ignores the context.
    async fn embed_documents_in(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let _ = cx;
        self.embed_documents(texts).await
    }

    /// Like [`embed_query`](Self::embed_query), as part of a run; see [`embed_documents_in`](Self::embed_documents_in).
    async fn embed_query_in(&self, text: &str, cx: &Context) -> Result<Vec<f32>> {
        let _ = cx;
        self.embed_query(text).await
    }
}

#[async_trait]
impl<E: Embeddings + ?Sized> Embeddings for Arc<E> {
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        (**self).embed_documents(texts).await
    }

    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        (**self).embed_query(text).await
    }

    async fn embed_documents_in(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        (**self).embed_documents_in(texts, cx).await
    }

    async fn embed_query_in(&self, text: &str, cx: &Context) -> Result<Vec<f32>> {
        (**self).embed_query_in(text, cx).await
    }
}
