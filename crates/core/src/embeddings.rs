//! Texts as vectors: what similarity is measured with.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Context, Error, ErrorKind, Result};

/// A model that gives texts of similar meaning similar vectors.
///
/// # Contract
/// There is one vector for each text, in the same order, and all of them have the same length.
///
/// # Errors
/// Those of the service behind it.
///
/// # Cancellation
/// Dropping the future ends the request.
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
    /// The vectors of texts that are searched.
    async fn embed_documents(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;

    /// The vector of a text that is searched for; some models treat it otherwise.
    async fn embed_query(&self, text: &str) -> Result<Vec<f32>> {
        let vectors = self.embed_documents(&[text.to_owned()]).await?;
        vectors
            .into_iter()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::InvalidResponse, "there is no vector for the text"))
    }

    /// [`embed_documents`](Self::embed_documents) as a step of a run: within its limits, its retries and its time, and
    /// with what was used told to its observers. By default the model knows nothing of runs.
    async fn embed_documents_in(&self, texts: &[String], cx: &Context) -> Result<Vec<Vec<f32>>> {
        let _ = cx;
        self.embed_documents(texts).await
    }

    /// [`embed_query`](Self::embed_query) as a step of a run, as
    /// [`embed_documents_in`](Self::embed_documents_in).
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
