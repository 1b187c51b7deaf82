//! The word that gives a model a cache.

use std::sync::Arc;

use catena_core::LanguageModel;

use crate::cached::Cached;
use crate::{CacheStore, CacheableAnswer};

/// Gives every model [`with_cache`](Self::with_cache).
pub trait CacheExt: LanguageModel {
    /// This model, with its answers kept in a store. Wrap what retries, or what falls back, rather than the other way
    /// round: then an answer that was hard to get is kept.
    ///
    /// # Example
    /// ```
    /// use catena_cache::{CacheExt, MemoryStore};
    /// use catena_core::{fakes::FakeChatModel, RunnableExt};
    /// # futures_executor::block_on(async {
    /// let model = FakeChatModel::new(["BrushWise"]);
    /// let cached = model.clone().with_cache(MemoryStore::new(1_000));
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
