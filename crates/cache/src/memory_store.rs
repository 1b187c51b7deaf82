//! An in-memory store.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::Result;
use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::{Cache, CacheBuilder};

use crate::{CacheKey, CacheStore};

/// An in-memory store with LRU eviction and per-entry expiry. Clones share its contents.
///
/// # Example
/// ```
/// use catena_cache::MemoryStore;
/// let thousand_answers = MemoryStore::new(1_000);
/// let sixteen_megabytes = MemoryStore::with_max_bytes(16 << 20);
/// ```
#[derive(Clone)]
#[doc(alias = "InMemoryCache")]
pub struct MemoryStore(Cache<CacheKey, Kept>);

#[derive(Clone)]
struct Kept {
    entry: Bytes,
    /// Time to live.
    keep: Option<Duration>,
}

/// The expiry policy: each entry has its own time to live.
struct Forget;

impl Expiry<CacheKey, Kept> for Forget {
    fn expire_after_create(&self, _: &CacheKey, kept: &Kept, _: Instant) -> Option<Duration> {
        kept.keep
    }

    fn expire_after_update(
        &self,
        _: &CacheKey,
        kept: &Kept,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        kept.keep
    }
}

/// Entries with a longer time to live never expire.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

impl MemoryStore {
    /// Creates a store of up to this many answers. When it is full, the least recently used one is evicted.
    pub fn new(max_answers: u64) -> Self {
        Self::build(Cache::builder().max_capacity(max_answers))
    }

    /// Creates a store of up to this many bytes of answers, including their keys.
    pub fn with_max_bytes(max_bytes: u64) -> Self {
        Self::build(Cache::builder().max_capacity(max_bytes).weigher(|_, kept: &Kept| {
            u32::try_from(kept.entry.len() + size_of::<CacheKey>()).unwrap_or(u32::MAX)
        }))
    }

    fn build(cache: CacheBuilder<CacheKey, Kept, Cache<CacheKey, Kept>>) -> Self {
        Self(cache.eviction_policy(EvictionPolicy::lru()).expire_after(Forget).build())
    }

    /// Returns the number of answers. An expired one may be counted for a short time.
    pub fn len(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }

    /// Returns true if there are no answers.
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
        Ok(self.0.get(key).map(|kept| kept.entry))
    }

    async fn put(&self, key: &CacheKey, entry: Bytes, keep: Option<Duration>) -> Result<()> {
        let keep = keep.filter(|keep| *keep <= LONGEST);
        self.0.insert(*key, Kept { entry, keep });
        Ok(())
    }

    async fn clear(&self) -> Result<()> {
        self.0.invalidate_all();
        Ok(())
    }
}
