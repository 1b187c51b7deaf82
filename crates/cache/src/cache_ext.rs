//! The extension trait that adds caching to models.

use std::sync::Arc;

use catena_core::LanguageModel;

use crate::cached::Cached;
use crate::{CacheStore, CacheableAnswer};

/// Adds [`with_cache`](Self::with_cache) to every model.
pub trait CacheExt: LanguageModel {
    /// Caches this model's answers in a store.
    ///
    /// Apply retries and fallbacks outside the cache: then the answer of the attempt that succeeds is cached, and each
    /// fallback model has its own cache. Retries by a model's client happen inside the cache.
    ///
    /// # Example
    /// ```
    /// use catena_cache::{CacheExt, MemoryStore};
    /// use catena_core::{RetryPolicy, RunnableExt, fakes::FakeChatModel};
    /// # futures_executor::block_on(async {
    /// let model = FakeChatModel::new(["BrushWise"]);
    /// let cached = model.clone().with_cache(MemoryStore::new(1_000)).with_retry(RetryPolicy::default());
    /// for _ in 0..3 {
    ///     assert_eq!(cached.invoke("A name for a toothpaste company?").await?.text(), "BrushWise");
    /// }
    /// assert_eq!(model.prompts().len(), 1);
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    fn with_cache<S: CacheStore + 'static>(self, store: S) -> Cached<Self>
    where
        Self: Sized + 'static,
        Self::Output: CacheableAnswer,
    {
        Cached::new(Arc::new(self), Arc::new(store))
    }
}

impl<M: LanguageModel> CacheExt for M {}
