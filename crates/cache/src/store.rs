//! Where answers are kept.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::Result;

use crate::CacheKey;

/// Keeps answers under keys.
///
/// # Contract
/// `get` gives what the last `put` under that key kept, or nothing: a store may forget at any time. Bytes come back as
/// they were given. Methods may be called from any executor, and at once from many tasks.
///
/// # Errors
/// A [`Cached`](crate::Cached) model waits for its store, so bound how long yours may take. After an error it asks its
/// model, tells the run's observers with an event named `cache_error`, and leaves the store alone for five seconds.
///
/// # Cancellation
/// Dropping a future of `put` may leave the entry kept or not, never half of it.
///
/// # Example
/// A store that forgets everything:
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
    /// What is kept under a key.
    #[doc(alias = "lookup")]
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>>;

    /// Keeps an entry, in place of an older one. After `keep` nobody wants it any more.
    #[doc(alias = "update")]
    async fn put(&self, key: &CacheKey, entry: Bytes, keep: Option<Duration>) -> Result<()>;

    /// Forgets everything.
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
