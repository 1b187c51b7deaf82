//! The interface of stores.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::Result;

use crate::CacheKey;

/// Stores cached answers under keys.
///
/// # Contract
/// `get` returns what the last `put` under that key stored, or nothing: a store may evict entries at any time. Bytes
/// are returned unchanged. Methods may be called from any executor, and concurrently from several tasks.
///
/// # Errors
/// A [`Cached`](crate::Cached) model waits for its store, so apply a timeout to slow operations. After an error it asks
/// its model, notifies the run's observers with an event named `cache_error`, and does not use the store for five
/// seconds.
///
/// # Cancellation
/// Dropping the future of `put` may leave the entry stored or not, but never partially.
///
/// # Example
/// A store that keeps nothing:
/// ```
/// use catena_cache::{CacheKey, CacheStore};
/// use catena_core::{async_trait, Result};
/// use std::time::Duration;
///
/// struct Nowhere;
///
/// #[async_trait]
/// impl CacheStore for Nowhere {
///     async fn get(&self, _key: &CacheKey) -> Result<Option<bytes::Bytes>> {
///         Ok(None)
///     }
///     async fn put(&self, _key: &CacheKey, _entry: bytes::Bytes, _keep: Option<Duration>) -> Result<()> {
///         Ok(())
///     }
///     async fn clear(&self) -> Result<()> {
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
#[doc(alias = "BaseCache")]
pub trait CacheStore: Send + Sync {
    /// Returns the entry under a key.
    #[doc(alias = "lookup")]
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>>;

    /// Stores an entry, replacing any earlier one. The entry is of no use after `keep`, if given.
    #[doc(alias = "update")]
    async fn put(&self, key: &CacheKey, entry: Bytes, keep: Option<Duration>) -> Result<()>;

    /// Removes all entries.
    async fn clear(&self) -> Result<()>;
}

#[async_trait]
impl<S: CacheStore + ?Sized> CacheStore for Arc<S> {
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>> {
        (**self).get(key).await
    }

    async fn put(&self, key: &CacheKey, entry: Bytes, keep: Option<Duration>) -> Result<()> {
        (**self).put(key, entry, keep).await
    }

    async fn clear(&self) -> Result<()> {
        (**self).clear().await
    }
}
