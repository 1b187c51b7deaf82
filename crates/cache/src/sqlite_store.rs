//! A store in an SQLite file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use catena_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, params};

use crate::worker::Worker;
use crate::{CacheKey, CacheStore};

/// A persistent store in an SQLite file. Several processes may use the same file. Clones share it.
///
/// Expired answers are removed when a new one is stored. File access happens on a dedicated thread, so that it does not
/// block an executor.
///
/// # Example
/// ```
/// use catena_cache::{CacheExt, SqliteStore};
/// use catena_core::{fakes::FakeLlm, RunnableExt};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("answers.sqlite");
/// # futures_executor::block_on(async {
/// let yesterday = FakeLlm::new(["BrushWise"]).with_cache(SqliteStore::open(&path)?).with_namespace("names");
/// yesterday.invoke("A name for a toothpaste company?").await?;
///
/// let store = SqliteStore::open(&path)?.with_max_answers(10_000);
/// assert_eq!(store.len().await?, 1);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[doc(alias = "SQLiteCache")]
pub struct SqliteStore {
    worker: Worker<Connection>,
    path: PathBuf,
    max_answers: Option<u64>,
}

/// `used` orders the entries by their last use, for eviction.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS answers (
        key BLOB PRIMARY KEY, entry BLOB NOT NULL, until INTEGER, used INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS answers_by_use ON answers (used);
    CREATE INDEX IF NOT EXISTS answers_by_end ON answers (until) WHERE until IS NOT NULL;";

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(5);

impl SqliteStore {
    /// Opens the file, creating it if necessary.
    ///
    /// # Errors
    /// `Config`, with the file's name, if the file cannot be opened or is not an SQLite file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let connect = || {
            let connection = Connection::open(path)?;
            connection.busy_timeout(BUSY)?;
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        let connection = connect().map_err(|error: rusqlite::Error| cannot_open(path, error))?;
        let worker = Worker::start("catena-sqlite", connection).map_err(|error| cannot_open(path, error))?;
        Ok(Self { worker, path: path.to_owned(), max_answers: None })
    }

    /// Limits the number of answers. Beyond it, the least recently used ones are evicted.
    #[must_use]
    pub fn with_max_answers(mut self, max_answers: u64) -> Self {
        self.max_answers = Some(max_answers);
        self
    }

    /// Returns the number of answers in the file, including expired ones.
    ///
    /// # Errors
    /// `Other` if the file cannot be read.
    pub async fn len(&self) -> Result<u64> {
        self.run("count answers", |db| {
            db.query_row("SELECT count(*) FROM answers", [], |row| row.get::<_, i64>(0))
        })
        .await
        .map(|count| u64::try_from(count).unwrap_or_default())
    }

    async fn run<R: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<R> + Send + 'static,
    ) -> Result<R> {
        let path = self.path.clone();
        self.worker.run(move |db| work(db).map_err(|error| failed(what, &path, error))).await
    }
}

#[async_trait]
impl CacheStore for SqliteStore {
    async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>> {
        let key = *key.as_bytes();
        self.run("read an answer", move |db| {
            let mut update =
                db.prepare_cached("UPDATE answers SET used = ?2 WHERE key = ?1 RETURNING entry")?;
            update.query_row(params![key, now()], |row| row.get::<_, Vec<u8>>(0)).optional()
        })
        .await
        .map(|entry| entry.map(Bytes::from))
    }

    async fn put(&self, key: &CacheKey, entry: Bytes, keep: Option<Duration>) -> Result<()> {
        let key = *key.as_bytes();
        let max_answers = self.max_answers.and_then(|max| i64::try_from(max).ok());
        self.run("store an answer", move |db| {
            let now = now();
            let until = keep.map(|keep| now.saturating_add(micros(keep)));
            let change = db.transaction()?;
            change
                .prepare_cached(
                    "INSERT OR REPLACE INTO answers (key, entry, until, used) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![key, &entry[..], until, now])?;
            change.prepare_cached("DELETE FROM answers WHERE until <= ?1")?.execute([now])?;
            if let Some(max) = max_answers {
                make_room(&change, max)?;
            }
            change.commit()
        })
        .await
    }

    async fn clear(&self) -> Result<()> {
        self.run("clear the answers", |db| db.execute("DELETE FROM answers", []).map(drop)).await
    }
}

/// Evicts the least recently used answers.
fn make_room(db: &Connection, max: i64) -> rusqlite::Result<()> {
    let count: i64 = db.query_row("SELECT count(*) FROM answers", [], |row| row.get(0))?;
    let surplus = count - max;
    if surplus > 0 {
        db.prepare_cached(
            "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY used LIMIT ?1)",
        )?
        .execute([surplus])?;
    }
    Ok(())
}

/// Returns microseconds since the Unix epoch, to order uses by.
fn now() -> i64 {
    micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn cannot_open(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = format!("cannot open the cache {}: {error}", path.display());
    Error::new(ErrorKind::Config, message).with_source(error)
}

fn failed(what: &str, path: &Path, error: rusqlite::Error) -> Error {
    let message = format!("cannot {what} in the cache {}: {error}", path.display());
    Error::new(ErrorKind::Other, message).with_source(error)
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}
