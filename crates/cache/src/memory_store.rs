//! A store in memory.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::Result;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::{CacheKey, CacheStore};

/// Keeps answers in the memory of this process, the most recently used ones. Clones share them.
///
/// # Example
/// ```
/// use catena_cache::MemoryStore;
/// let thousand_answers = MemoryStore::new(1_000);
/// let sixteen_megabytes = MemoryStore::with_max_bytes(16 << 20);
/// ```
#[derive(Clone)]
#[doc(alias = "InMemoryCache")]
pub struct MemoryStore(Cache<CacheKey, Bytes>);

impl MemoryStore {
    /// A store of at most this many answers. When it is full, the one that was not used for the longest time goes.
    pub fn new(max_answers: u64) -> Self {
        let cache = Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(max_answers);
        Self(cache.build())
    }

    /// A store of at most this many bytes of answers, their keys included.
    pub fn with_max_bytes(max_bytes: u64) -> Self {
        let cache = Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(max_bytes).weigher(
            |_, entry: &Bytes| u32::try_from(entry.len() + size_of::<CacheKey>()).unwrap_or(u32::MAX),
        );
        Self(cache.build())
    }

    /// How many answers it holds, those included that are too old to be given out.
    pub fn len(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }

    /// True if it holds no answer.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("len", &self.0.entry_count()).finish_non_exhaustive()
    }
}

#[async_trait]
impl CacheStore for MemoryStore {
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>> {
        Ok(self.0.get(key))
    }

    async fn put(&self, key: &CacheKey, entry: Bytes, _keep: Option<Duration>) -> Result<()> {
        self.0.insert(*key, entry);
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.0.invalidate_all();
        Ok(())
    }
}
