//! What a caller may say about one run: its name, limits and labels.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::{Admission, CancelToken, Observer, RetryBudget, RunId, Timer};

/// How often a function may return another runnable before the run is stopped, unless the config says otherwise.
pub(super) const DEFAULT_RECURSION_LIMIT: usize = 25;

/// Options of one run, handed to `invoke_with`, `stream_with` and `batch_with`. All of them are optional.
///
/// Tags, metadata, configurable values and limits hold for the run and everything it calls; the name is the run's own.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunConfig, RunnableExt};
/// use std::time::Duration;
///
/// let config = RunConfig::new().with_max_concurrency(2).with_timeout(Duration::from_secs(30)).with_tag("nightly");
/// # futures_executor::block_on(async {
/// let double = lambda(|x: i64| 2 * x);
/// let results = double.batch_with([1, 2, 3], &config).await;
/// assert_eq!(results.into_iter().collect::<Result<Vec<_>, _>>()?, [2, 4, 6]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct RunConfig {
    /// The name of the run, instead of the runnable's.
    pub name: Option<String>,
    /// The id of the run, instead of a new one. In a batch: of the first item.
    pub run_id: Option<RunId>,
    /// Labels for filtering runs.
    pub tags: Vec<String>,
    /// Facts about the run, for whoever observes it.
    pub metadata: Map<String, Value>,
    /// Values that configurable steps look up.
    pub configurable: Map<String, Value>,
    /// The most model calls, and the most items of a batch, under way at once. Unlimited by default.
    pub max_concurrency: Option<usize>,
    /// How often a function may return another runnable; 25 by default.
    pub recursion_limit: Option<usize>,
    /// How long the whole run may take. For a batch: each item.
    pub timeout: Option<Duration>,
    /// How many retries everything in the run may make together; unlimited by default.
    pub retry_budget: Option<RetryBudget>,
    /// Who is asked before each model call of the run, and told what it used.
    pub admission: Option<Arc<dyn Admission>>,
    /// Stops the run from outside.
    pub cancel: Option<CancelToken>,
    /// Who is told of the run and everything it calls.
    pub observers: Vec<Arc<dyn Observer>>,
    /// What measures the run's time limit and dates its events; the real clock unless set.
    pub timer: Option<Arc<dyn Timer>>,
}

impl RunConfig {
    /// A config that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the run.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds a fact about the run.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets a value that configurable steps look up.
    #[must_use]
    pub fn with_configurable(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.configurable.insert(key.into(), value.into());
        self
    }

    /// Bounds the model calls, and the items of a batch, that are under way at once. 0 counts as 1.
    ///
    /// A model's stream counts until its last chunk. A step of your own that calls a model for each chunk of another
    /// model's stream, while it reads that stream, therefore needs a limit of at least 2: with 1 it waits forever.
    #[must_use]
    pub fn with_max_concurrency(mut self, limit: usize) -> Self {
        self.max_concurrency = Some(limit);
        self
    }

    /// Bounds how often a function may return another runnable.
    #[must_use]
    pub fn with_recursion_limit(mut self, limit: usize) -> Self {
        self.recursion_limit = Some(limit);
        self
    }

    /// Bounds how long the run may take. A run that takes longer is dropped and gives a `Timeout` error. A time that no
    /// clock can hold, such as `Duration::MAX`, is no limit.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Bounds the retries of everything in the run together: of retried steps, and of clients that try again by
    /// themselves. The budget may be shared by several runs.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = Some(budget);
        self
    }

    /// Asks before each model call of the run, of whatever model, and reports what the call used: for budgets. What a
    /// model call asks of other models is part of it. A step that is given one with
    /// [`with_config`](crate::RunnableExt::with_config) asks both, the caller's first.
    #[must_use]
    pub fn with_admission(mut self, admission: impl Admission + 'static) -> Self {
        self.admission = Some(Arc::new(admission));
        self
    }

    /// Gives the run this id instead of a new one.
    #[must_use]
    pub fn with_run_id(mut self, id: RunId) -> Self {
        self.run_id = Some(id);
        self
    }

    /// Lets the token stop the run.
    #[must_use]
    pub fn with_cancel(mut self, token: CancelToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// Adds an observer of the run and everything it calls.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Measures time with this timer.
    #[must_use]
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// This config under another: tags and observers add up, metadata and configurable values merge key by key, and
    /// for everything else what `over` sets counts.
    ///
    /// # Example
    /// ```
    /// use catena_core::RunConfig;
    /// let merged = RunConfig::new().with_name("a").with_tag("x").merged_under(&RunConfig::new().with_name("b").with_tag("y"));
    /// assert_eq!((merged.name.as_deref(), merged.tags.len()), (Some("b"), 2));
    /// ```
    #[must_use]
    pub fn merged_under(mut self, over: &Self) -> Self {
        self.tags.extend(over.tags.iter().cloned());
        self.tags.sort_unstable();
        self.tags.dedup();
        self.metadata.extend(over.metadata.clone());
        self.configurable.extend(over.configurable.clone());
        self.observers.extend(over.observers.iter().cloned());
        Self {
            name: over.name.clone().or(self.name),
            run_id: over.run_id.or(self.run_id),
            max_concurrency: over.max_concurrency.or(self.max_concurrency),
            recursion_limit: over.recursion_limit.or(self.recursion_limit),
            timeout: over.timeout.or(self.timeout),
            retry_budget: over.retry_budget.clone().or(self.retry_budget),
            admission: over.admission.clone().or(self.admission),
            cancel: over.cancel.clone().or(self.cancel),
            timer: over.timer.clone().or(self.timer),
            ..self
        }
    }

    /// True when the config says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { name, run_id, tags, metadata, configurable, max_concurrency, .. } = self;
        let Self { recursion_limit, timeout, retry_budget, admission, cancel, observers, timer, .. } = self;
        name.is_none()
            && run_id.is_none()
            && tags.is_empty()
            && metadata.is_empty()
            && configurable.is_empty()
            && max_concurrency.is_none()
            && recursion_limit.is_none()
            && timeout.is_none()
            && retry_budget.is_none()
            && admission.is_none()
            && cancel.is_none()
            && observers.is_empty()
            && timer.is_none()
    }
}

impl fmt::Debug for RunConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunConfig")
            .field("name", &self.name)
            .field("run_id", &self.run_id)
            .field("tags", &self.tags)
            .field("metadata", &self.metadata)
            .field("configurable", &self.configurable)
            .field("max_concurrency", &self.max_concurrency)
            .field("recursion_limit", &self.recursion_limit)
            .field("timeout", &self.timeout)
            .field("retry_budget", &self.retry_budget.as_ref().map(RetryBudget::left))
            .field("admission", &self.admission)
            .field("observers", &self.observers.len())
            .finish_non_exhaustive()
    }
}
