//! A store in memory.

use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::Result;
use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::{Cache, CacheBuilder};

use crate::{CacheKey, CacheStore};

/// Keeps answers in the memory of this process, the most recently used ones, until they are too old. Clones share them.
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
    /// Nobody wants it after this.
    keep: Option<Duration>,
}

/// Forgets what nobody wants any more, each entry after its own time.
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

/// What is kept longer than this is kept for good.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

impl MemoryStore {
    /// A store of at most this many answers. When it is full, the one that was not used for the longest time goes.
    pub fn new(max_answers: u64) -> Self {
        Self::build(Cache::builder().max_capacity(max_answers))
    }

    /// A store of at most this many bytes of answers, their keys included.
    pub fn with_max_bytes(max_bytes: u64) -> Self {
        Self::build(Cache::builder().max_capacity(max_bytes).weigher(|_, kept: &Kept| {
            u32::try_from(kept.entry.len() + size_of::<CacheKey>()).unwrap_or(u32::MAX)
        }))
    }

    fn build(cache: CacheBuilder<CacheKey, Kept, Cache<CacheKey, Kept>>) -> Self {
        Self(cache.eviction_policy(EvictionPolicy::lru()).expire_after(Forget).build())
    }

    /// How many answers it holds. One that is too old may be counted for a moment more.
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
