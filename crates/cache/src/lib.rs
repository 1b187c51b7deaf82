#![doc = include_str!("../README.md")]

mod answer;
mod breaker;
mod cache_ext;
mod cached;
mod entry;
mod flight;
mod key;
#[cfg(feature = "memory")]
mod memory_store;
#[cfg(feature = "redis")]
mod redis_store;
#[cfg(feature = "sqlite")]
mod sqlite_store;
mod store;
#[cfg(feature = "sqlite")]
mod worker;

pub use answer::CacheableAnswer;
pub use cache_ext::CacheExt;
pub use cached::Cached;
pub use key::CacheKey;
#[cfg(feature = "memory")]
pub use memory_store::MemoryStore;
#[cfg(feature = "redis")]
pub use redis_store::RedisStore;
#[cfg(feature = "sqlite")]
pub use sqlite_store::SqliteStore;
pub use store::CacheStore;
