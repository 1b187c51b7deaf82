//! The options of one run: its name, limits and labels.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::secret_name::names_secret;
use crate::{Admission, CancelToken, Observer, RetryBudget, RunId, Timer};

/// The default limit on how often a function may return another runnable before the run fails.
pub(super) const DEFAULT_RECURSION_LIMIT: usize = 25;

/// Options of one run, passed to `invoke_with`, `stream_with`, `batch_with` and the like. All are optional.
///
/// Tags, metadata, configurable values and limits apply to the run and everything it calls; the name and the id apply
/// to the run itself only.
///
/// `Debug` prints no configurable value whose name marks it as a credential, such as `api_key`, and no query of a URL.
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
    /// The name of the run; by default, that of the runnable.
    pub name: Option<String>,
    /// The id of the run; by default, a new one. In a batch, the id of the first item.
    pub run_id: Option<RunId>,
    /// Labels for filtering runs.
    pub tags: Vec<String>,
    /// Metadata of the run, for observers.
    pub metadata: Map<String, Value>,
    /// The configurable values, which configurable steps read.
    pub configurable: Map<String, Value>,
    /// The maximum number of model calls, and of batch items, in flight. Unlimited by default.
    pub max_concurrency: Option<usize>,
    /// How often a function may return another runnable; 25 by default.
    pub recursion_limit: Option<usize>,
    /// The time limit of the whole run, or of each item of a batch.
    pub timeout: Option<Duration>,
    /// The number of retries that everything in the run shares; unlimited by default.
    pub retry_budget: Option<RetryBudget>,
    /// Consulted before each model call of the run, and told what the call used.
    pub admission: Option<Arc<dyn Admission>>,
    /// Cancels the run from outside.
    pub cancel: Option<CancelToken>,
    /// The observers of the run and everything it calls.
    pub observers: Vec<Arc<dyn Observer>>,
    /// The timer for the run's time limit, waits and event timestamps; the system clock by default.
    pub timer: Option<Arc<dyn Timer>>,
}

impl RunConfig {
    /// Creates an empty config.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name of the run.
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

    /// Adds a metadata value.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets a configurable value.
    #[must_use]
    pub fn with_configurable(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.configurable.insert(key.into(), value.into());
        self
    }

    /// Sets the maximum number of model calls, and of batch items, in flight. 0 is treated as 1.
    ///
    /// A streaming model call stays in flight until its last chunk. A step of your own that calls a model for each
    /// chunk of another model's stream while reading that stream therefore needs a limit of at least 2: with 1 it
    /// deadlocks.
    #[must_use]
    pub fn with_max_concurrency(mut self, limit: usize) -> Self {
        self.max_concurrency = Some(limit);
        self
    }

    /// Sets how often a function may return another runnable.
    #[must_use]
    pub fn with_recursion_limit(mut self, limit: usize) -> Self {
        self.recursion_limit = Some(limit);
        self
    }

    /// Sets the time limit of the run. A run that exceeds it is dropped and fails with a `Timeout` error. A duration
    /// beyond the range of the clock, such as `Duration::MAX`, means no limit.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Sets the retry budget that everything in the run shares: retried steps, and clients with automatic retries.
    /// Several runs may share one budget.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = Some(budget);
        self
    }

    /// Sets the admission that is consulted before each model call of the run, whichever model it is, and that is told
    /// what the call used, as budgets need.
    ///
    /// Calls that a model makes to other models are part of its own call. If a step is given an admission with
    /// [`with_config`](crate::RunnableExt::with_config), both are consulted, the caller's first.
    #[must_use]
    pub fn with_admission(mut self, admission: impl Admission + 'static) -> Self {
        self.admission = Some(Arc::new(admission));
        self
    }

    /// Sets the id of the run.
    #[must_use]
    pub fn with_run_id(mut self, id: RunId) -> Self {
        self.run_id = Some(id);
        self
    }

    /// Sets a token that cancels the run.
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

    /// Sets the timer.
    #[must_use]
    pub fn with_timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// Merges another config over this one: tags and observers accumulate, metadata and configurable values merge key
    /// by key, and every other option set in `over` takes precedence.
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

    /// Returns `true` if no option is set.
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

/// Configurable values without credentials.
struct Redacted<'a>(&'a Map<String, Value>);

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_map();
        for (name, value) in self.0 {
            match value {
                Value::Object(inner) => shown.entry(name, &Redacted(inner)),
                Value::String(_) if names_secret(name) => shown.entry(name, &"***"),
                Value::String(url) if name.ends_with("url") => {
                    shown.entry(name, &url.split('?').next().unwrap_or_default())
                }
                value => shown.entry(name, value),
            };
        }
        shown.finish()
    }
}

impl fmt::Debug for RunConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunConfig")
            .field("name", &self.name)
            .field("run_id", &self.run_id)
            .field("tags", &self.tags)
            .field("metadata", &self.metadata)
            .field("configurable", &Redacted(&self.configurable))
            .field("max_concurrency", &self.max_concurrency)
            .field("recursion_limit", &self.recursion_limit)
            .field("timeout", &self.timeout)
            .field("retry_budget", &self.retry_budget.as_ref().map(RetryBudget::left))
            .field("admission", &self.admission)
            .field("observers", &self.observers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_prints_no_credentials() {
        let config = RunConfig::new()
            .with_configurable("api_key", "hunter2")
            .with_configurable("first_api_key", "hunter2")
            .with_configurable("base_url", "https://h.test/v1?key=hunter2")
            .with_configurable("nested", json!({"access_token": "hunter2", "thread_id": "t1"}))
            .with_configurable("model", "acme:m");
        let shown = format!("{config:?} {config:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        for part in [r#""api_key": "***""#, r#""thread_id": String("t1")"#, "https://h.test/v1", "acme:m"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
