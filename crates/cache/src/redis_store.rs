//! A store on a Redis server.

use std::fmt;
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::{Error, ErrorKind, Result};
use futures_channel::oneshot;
use futures_util::future::BoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, cmd};
use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{CacheKey, CacheStore};

/// A store on a Redis server, shared by all processes that use it. Clones share one connection, which is opened on
/// first use and reopened if it breaks.
///
/// The server limits the number of answers: set `maxmemory` and the policy `allkeys-lru` there.
///
/// # Example
/// ```no_run
/// use catena_cache::{CacheExt, RedisStore};
/// use catena_core::fakes::FakeLlm;
/// let store = RedisStore::open("redis://127.0.0.1:6379/0")?.with_prefix("shop:");
/// let model = FakeLlm::new(["BrushWise"]).with_cache(store);
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Clone)]
#[doc(alias = "RedisCache")]
pub struct RedisStore {
    jobs: UnboundedSender<Job>,
    prefix: String,
}

type Job = Box<dyn FnOnce(ConnectionManager) -> BoxFuture<'static, ()> + Send>;

/// Time limit for a reply: a cache slower than this is of no use.
const PATIENCE: Duration = Duration::from_secs(2);

/// Number of keys examined per step when clearing.
const PAGE: usize = 1_000;

impl RedisStore {
    /// Creates a store for the server at a URL such as `redis://:password@host:6379/0`. Does not connect yet.
    ///
    /// # Errors
    /// `Config` for an invalid URL.
    pub fn open(url: &str) -> Result<Self> {
        // Errors do not include the URL, because it may contain a password.
        let client = Client::open(url).map_err(|error| config("invalid Redis URL", &error))?;
        let (jobs, todo) = unbounded_channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| config("cannot start the runtime of the Redis store", &error))?;
        thread::Builder::new()
            .name("catena-redis".to_owned())
            .spawn(move || runtime.block_on(work(client, todo)))
            .map_err(|error| config("cannot start the thread of the Redis store", &error))?;
        Ok(Self { jobs, prefix: "catena:".to_owned() })
    }

    /// Sets the prefix of all keys. Defaults to `catena:`. Clearing the store removes only the keys with this prefix.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn name(&self, key: &CacheKey) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Sends a command from the store's own thread, regardless of the caller's executor.
    async fn query<T: FromRedisValue + Send + 'static>(&self, what: &'static str, command: Cmd) -> Result<T> {
        let (answer, result) = oneshot::channel();
        let job: Job = Box::new(move |mut connection| {
            Box::pin(async move {
                // The caller may be gone.
                let _ = answer.send(command.query_async(&mut connection).await);
            })
        });
        // If a job is not sent or not finished, its sender is dropped.
        let _ = self.jobs.send(job);
        match result.await {
            Ok(result) => result.map_err(|error| failed(what, error)),
            Err(_) => {
                Err(Error::new(ErrorKind::Other, format!("cannot {what}: the store's thread has stopped")))
            }
        }
    }
}

#[async_trait]
impl CacheStore for RedisStore {
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>> {
        let mut get = cmd("GET");
        get.arg(self.name(key));
        let entry: Option<Vec<u8>> = self.query("read an answer", get).await?;
        Ok(entry.map(Bytes::from))
    }

    async fn put(&self, key: &CacheKey, entry: Bytes, keep: Option<Duration>) -> Result<()> {
        let mut set = cmd("SET");
        set.arg(self.name(key)).arg(&entry[..]);
        if let Some(keep) = keep {
            set.arg("PX")
                .arg(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2));
        }
        self.query("store an answer", set).await
    }

    async fn clear(&self) -> Result<()> {
        let pattern = format!("{}*", escaped(&self.prefix));
        let mut cursor = 0_u64;
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(PAGE);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.query("list the answers", scan).await?;
            if !keys.is_empty() {
                let mut remove = cmd("UNLINK");
                remove.arg(keys);
                self.query::<u64>("remove answers", remove).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Runs the jobs, concurrently over one connection, until the last clone of the store is dropped.
async fn work(client: Client, mut jobs: UnboundedReceiver<Job>) {
    let settings = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_number_of_retries(1);
    // Without a connection, every job is dropped, which its caller notices.
    let Ok(connection) = ConnectionManager::new_lazy_with_config(client, settings) else { return };
    while let Some(job) = jobs.recv().await {
        tokio::spawn(job(connection.clone()));
    }
}

/// Escapes a text for use in a pattern.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| "*?[]\\^".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

fn config(what: &str, error: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::Config, format!("{what}: {error}"))
}

fn failed(what: &str, error: redis::RedisError) -> Error {
    Error::new(ErrorKind::Connection, format!("cannot {what} on the Redis server: {error}"))
        .with_source(error)
}
