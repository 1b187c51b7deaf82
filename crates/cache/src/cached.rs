//! A caching wrapper around a model.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use catena_core::{
    Capabilities, Chunk, ChunkStream, Context, Error, ErrorKind, LanguageModel, PromptValue, Result, Slot,
    gather, owning_stream,
};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use crate::breaker::Breaker;
use crate::entry::{decode, encode};
use crate::flight::{Flights, Kept};
use crate::{CacheKey, CacheStore, CacheableAnswer};

/// A model whose answers are cached. Created by [`with_cache`](crate::CacheExt::with_cache).
///
/// Calls and streams share cached answers: a cached answer is streamed as a single chunk. Concurrent identical calls
/// are coalesced into one, whose chunks all callers receive as they arrive; if the caller that started it is dropped,
/// the others continue it, and the limits of that caller's run no longer apply. Answers that were not paid for are
/// marked with [`ResponseMetadata::cached`](catena_core::ResponseMetadata::cached), and observers receive an event
/// named `cache_hit`. Errors and streams that broke off are not cached.
///
/// All callers receive the error of such a call, with one exception: a retryable error may be due to the deadline or
/// retry budget of the caller that started it. The others that have received nothing then share another call, once each;
/// the first whose own limits allow a retry starts it, after the delay that the service asked for or half a second.
///
/// A cached answer needs no permit from a run's admission control and is not charged to a budget. A caller that joins a
/// call in flight needs a permit as for a call of its own.
///
/// A run can change this with the configurable value `cache`: `false` bypasses the cache, `"refresh"` asks the model
/// and caches its new answer.
///
/// # Errors
/// The errors of the model. `Config` if the model does not describe what determines its answers, see
/// [`LanguageModel::parameters`]: give it a name with [`with_namespace`](Self::with_namespace). A failing store does
/// not fail the call: the model is asked instead, and observers receive an event named `cache_error`. The store is then
/// not used for five seconds, so that calls do not wait for it one after another.
///
/// # Cancellation
/// Dropping a call stops the model's work once no other caller is waiting for the same answer.
///
/// # Example
/// ```
/// use catena_cache::{CacheExt, MemoryStore};
/// use catena_core::{fakes::FakeChatModel, RunConfig, RunnableExt, StrOutputParser};
/// use std::time::Duration;
/// # futures_executor::block_on(async {
/// let model = FakeChatModel::new(["one", "two"]);
/// let cached = model.with_cache(MemoryStore::new(100)).with_ttl(Duration::from_secs(3600));
/// assert!(!cached.invoke("Count").await?.metadata.cached);
/// assert!(cached.invoke("Count").await?.metadata.cached);
/// let anew = RunConfig::new().with_configurable("cache", "refresh");
/// assert_eq!(cached.invoke_with("Count", &anew).await?.text(), "two");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct Cached<M: LanguageModel + ?Sized> {
    inner: Arc<Inner<M::Output>>,
    model: Arc<M>,
}

struct Inner<O> {
    store: Arc<dyn CacheStore>,
    ttl: Option<Duration>,
    namespace: Option<String>,
    flights: Arc<Flights<O>>,
    breaker: Arc<Breaker>,
}

impl<O> Clone for Inner<O> {
    fn clone(&self) -> Self {
        let Self { store, ttl, namespace, flights, breaker } = self;
        let (store, flights, breaker) = (store.clone(), flights.clone(), breaker.clone());
        Self { store, ttl: *ttl, namespace: namespace.clone(), flights, breaker }
    }
}

/// How a run uses the cache.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Use,
    Refresh,
    Bypass,
}

impl<M: LanguageModel + ?Sized + 'static> Cached<M>
where
    M::Output: CacheableAnswer,
{
    /// Wraps a model with a store. Both may be shared.
    pub fn new(model: Arc<M>, store: Arc<dyn CacheStore>) -> Self {
        let (flights, breaker) = Default::default();
        let inner = Inner { store, ttl: None, namespace: None, flights, breaker };
        Self { inner: Arc::new(inner), model }
    }

    /// Sets how long answers are valid. Without it, they are kept until the store needs the space.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        Arc::make_mut(&mut self.inner).ttl = Some(ttl);
        self
    }

    /// Separates the answers from those in other namespaces.
    ///
    /// Use it for tenants who must not see each other's answers, or for a model that does not describe what determines
    /// its answers.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.inner).namespace = Some(namespace.into());
        self
    }

    /// Returns the store.
    pub fn store(&self) -> &Arc<dyn CacheStore> {
        &self.inner.store
    }

    /// Returns the cache key for a prompt.
    ///
    /// # Errors
    /// `Config` if the model does not describe what determines its answers and there is no namespace.
    pub fn key(&self, prompt: &PromptValue, cx: &Context) -> Result<CacheKey> {
        let mut model = match (self.model.parameters(), &self.inner.namespace) {
            (Some(parameters), _) => parameters,
            (None, Some(_)) => Map::new(),
            (None, None) => return Err(unnamed(&self.model.display_name())),
        };
        let facts = [
            ("cache.namespace", self.inner.namespace.as_deref()),
            ("cache.provider", self.model.provider()),
            ("cache.model", self.model.model_id()),
            ("cache.name", Some(&*self.model.display_name())),
        ];
        model.extend(facts.into_iter().map(|(name, fact)| (name.to_owned(), fact.into())));
        Ok(CacheKey::new(&model, cx.arguments(), prompt))
    }

    /// Returns the answer: cached, shared or new.
    fn answer<'a>(&'a self, prompt: PromptValue, cx: Context, streams: bool) -> ChunkStream<'a, M::Output> {
        let mode = mode(&cx);
        if mode == Mode::Bypass {
            return self.model.generate_stream(prompt, cx);
        }
        let key = match self.key(&prompt, &cx) {
            Ok(key) => key,
            Err(error) => return Box::pin(stream::iter([Err(error)])),
        };
        let is_new = mode == Mode::Refresh;
        let start = move |cx, kept| {
            let (inner, model) = (Arc::clone(&self.inner), Arc::clone(&self.model));
            Call { inner, model, key, cx, streams, is_new, kept }.chunks(prompt)
        };
        if is_new { start(cx, Kept::default()) } else { self.inner.flights.join(key, cx, start) }
    }
}

#[async_trait]
impl<M: LanguageModel + ?Sized + 'static> LanguageModel for Cached<M>
where
    M::Output: CacheableAnswer,
{
    type Output = M::Output;

    fn generate_stream<'a>(&'a self, prompt: PromptValue, cx: Context) -> ChunkStream<'a, M::Output> {
        self.answer(prompt, cx, true)
    }

    async fn generate(&self, prompt: PromptValue, cx: &Context) -> Result<M::Output> {
        if mode(cx) == Mode::Bypass {
            return self.model.generate(prompt, cx).await;
        }
        let answer = gather(self.answer(prompt, cx.clone(), false)).await?;
        answer.ok_or_else(|| {
            Error::new(ErrorKind::InvalidResponse, "the model's stream ended without a single chunk")
        })
    }

    async fn ready_answer(&self, prompt: &PromptValue, cx: &Context) -> Option<M::Output> {
        if mode(cx) != Mode::Use {
            return None;
        }
        let key = self.key(prompt, cx).ok()?;
        let answer = self.inner.kept(&key, cx).await?;
        tell_of_hit(&key, cx);
        Some(answer)
    }

    fn provider(&self) -> Option<&str> {
        self.model.provider()
    }

    fn model_id(&self) -> Option<&str> {
        self.model.model_id()
    }

    fn capabilities(&self) -> Capabilities {
        self.model.capabilities()
    }

    fn parameters(&self) -> Option<Map<String, Value>> {
        self.model.parameters()
    }

    fn display_name(&self) -> Cow<'_, str> {
        self.model.display_name()
    }
}

catena_core::impl_pipe!(impl [M: LanguageModel + ?Sized + 'static] Cached<M> where [M::Output: CacheableAnswer]);

/// A call to the model on behalf of all callers that want this answer.
struct Call<M: LanguageModel + ?Sized> {
    inner: Arc<Inner<M::Output>>,
    model: Arc<M>,
    key: CacheKey,
    cx: Context,
    streams: bool,
    /// Set if a cached answer is not wanted.
    is_new: bool,
    /// Set once the answer turns out to be cached.
    kept: Kept,
}

impl<M: LanguageModel + ?Sized + 'static> Call<M>
where
    M::Output: CacheableAnswer,
{
    fn chunks(self, prompt: PromptValue) -> ChunkStream<'static, M::Output> {
        owning_stream(move |slot| async move {
            match self.kept().await {
                Some(answer) => slot.put(Ok(answer)).await,
                None => self.ask(prompt, &slot).await,
            }
        })
    }

    /// Returns the cached answer, unless it is missing or expired.
    async fn kept(&self) -> Option<M::Output> {
        if self.is_new {
            return None;
        }
        let answer = self.inner.kept(&self.key, &self.cx).await?;
        self.kept.store(true, Ordering::Release);
        Some(answer)
    }

    /// Asks the model, and caches the answer once it is complete.
    async fn ask(&self, prompt: PromptValue, slot: &Slot<M::Output>) {
        let mut answer: Option<M::Output> = None;
        let mut chunks = self.asked(prompt).await;
        while let Some(chunk) = chunks.next().await {
            let Ok(said) = &chunk else { return slot.put(chunk).await };
            match &mut answer {
                Some(answer) => answer.merge(said.clone()),
                None => answer = Some(said.clone()),
            }
            slot.put(chunk).await;
        }
        if let Some(answer) = answer {
            self.inner.keep(&self.key, answer, &self.cx).await;
        }
    }

    async fn asked(&self, prompt: PromptValue) -> ChunkStream<'_, M::Output> {
        if self.streams {
            return self.model.generate_stream(prompt, self.cx.clone());
        }
        Box::pin(stream::iter([self.model.generate(prompt, &self.cx).await]))
    }
}

impl<O: CacheableAnswer> Inner<O> {
    /// Returns the cached answer under a key, unless it has expired.
    async fn kept(&self, key: &CacheKey, cx: &Context) -> Option<O> {
        if !self.breaker.lets_through(cx.timer().now()) {
            return None;
        }
        match self.store.get(key).await {
            Ok(entry) => decode(&entry?, cx),
            Err(error) => {
                self.failed(key, &error, cx);
                None
            }
        }
    }

    async fn keep(&self, key: &CacheKey, answer: O, cx: &Context) {
        if !self.breaker.lets_through(cx.timer().now()) {
            return;
        }
        let kept = match encode(answer, self.ttl, cx) {
            Ok(entry) => self.store.put(key, entry, self.ttl).await,
            Err(error) => return complain(key, &error, cx),
        };
        if let Err(error) = kept {
            self.failed(key, &error, cx);
        }
    }

    fn failed(&self, key: &CacheKey, error: &Error, cx: &Context) {
        self.breaker.failed(cx.timer().now());
        complain(key, error, cx);
    }
}

fn complain(key: &CacheKey, error: &Error, cx: &Context) {
    cx.emit("cache_error", &json!({ "key": key.to_string(), "error": error.to_string() }));
}

/// Tells a run's observers that an answer was not paid for.
pub(crate) fn tell_of_hit(key: &CacheKey, cx: &Context) {
    cx.emit("cache_hit", &json!({ "key": key.to_string() }));
}

fn mode(cx: &Context) -> Mode {
    match cx.configurable("cache") {
        Some(Value::Bool(false)) => Mode::Bypass,
        Some(Value::String(word)) if word == "refresh" => Mode::Refresh,
        _ => Mode::Use,
    }
}

fn unnamed(model: &str) -> Error {
    let message = format!(
        "{model} does not report its parameters, so its cache entries could be mixed up with those of another model: \
         implement `LanguageModel::parameters`, or name the entries with `with_namespace`"
    );
    Error::new(ErrorKind::Config, message)
}

impl<M: LanguageModel + ?Sized> Clone for Cached<M> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), model: Arc::clone(&self.model) }
    }
}

impl<M: LanguageModel + fmt::Debug + ?Sized> fmt::Debug for Cached<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { ttl, namespace, .. } = &*self.inner;
        let mut out = f.debug_struct("Cached");
        out.field("model", &self.model)
            .field("ttl", ttl)
            .field("namespace", namespace)
            .finish_non_exhaustive()
    }
}
