//! Models and stores that tests need.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use catena_cache::{CacheKey, CacheStore};
use catena_core::{
    AiMessage, ChunkStream, Context, Error, ErrorKind, LanguageModel, Observer, PromptValue, Result,
    RunEvent, RunEventKind, Sleep, SystemTimer, Timer, Usage, async_trait, owning_stream,
};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use futures_util::lock::Mutex as AsyncMutex;

/// A model whose chunks the test hands out one by one.
pub(crate) struct Slow {
    pub(crate) calls: AtomicUsize,
    /// How many calls are under way.
    pub(crate) open: Arc<AtomicUsize>,
    chunks: Arc<AsyncMutex<UnboundedReceiver<Result<AiMessage>>>>,
}

impl Slow {
    pub(crate) fn new() -> (Arc<Self>, UnboundedSender<Result<AiMessage>>) {
        let (sender, chunks) = unbounded();
        let chunks = Arc::new(AsyncMutex::new(chunks));
        (Arc::new(Self { calls: AtomicUsize::new(0), open: Arc::default(), chunks }), sender)
    }
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl LanguageModel for Slow {
    type Output = AiMessage;

    fn generate_stream<'a>(&'a self, _prompt: PromptValue, _cx: Context) -> ChunkStream<'a, AiMessage> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(Arc::clone(&self.open));
        let chunks = Arc::clone(&self.chunks);
        owning_stream(move |slot| async move {
            let _open = open;
            let mut chunks = chunks.lock().await;
            while let Some(chunk) = chunks.next().await {
                // An empty text ends the answer.
                if chunk.as_ref().is_ok_and(|chunk| chunk.text().is_empty()) {
                    return;
                }
                slot.put(chunk).await;
            }
        })
    }

    fn parameters(&self) -> Option<serde_json::Map<String, serde_json::Value>> {
        Some(serde_json::Map::new())
    }
}

pub(crate) fn chunk(text: &str) -> Result<AiMessage> {
    Ok(AiMessage::new(text))
}

/// A store of which nothing works.
pub(crate) struct Broken;

#[async_trait]
impl CacheStore for Broken {
    async fn get(&self, _key: &CacheKey) -> Result<Option<Bytes>> {
        Err(Error::new(ErrorKind::Connection, "no disk"))
    }

    async fn put(&self, _key: &CacheKey, _entry: Bytes, _keep: Option<Duration>) -> Result<()> {
        Err(Error::new(ErrorKind::Connection, "no disk"))
    }

    async fn clear(&self) -> Result<()> {
        Err(Error::new(ErrorKind::Connection, "no disk"))
    }
}

/// The names of the application's own events.
#[derive(Clone, Default)]
pub(crate) struct Events(pub(crate) Arc<Mutex<Vec<String>>>);

impl Observer for Events {
    fn on_event(&self, event: &RunEvent<'_>) {
        if let RunEventKind::Custom { name, .. } = event.kind {
            self.0.lock().unwrap().push(name.to_owned());
        }
    }
}

/// A clock that the test sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(pub(crate) Arc<Mutex<Duration>>);

impl Timer for Clock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        SystemTimer.sleep(duration)
    }
}

pub(crate) fn usage() -> Usage {
    Usage::new(10, 5)
}
