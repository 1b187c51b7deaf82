//! What a caller may say about one run: its name, limits and labels.

use std::time::Duration;

use serde_json::{Map, Value};

/// How often a function may return another runnable before the run is stopped, unless the config says otherwise.
pub(crate) const DEFAULT_RECURSION_LIMIT: usize = 25;

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
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RunConfig {
    /// The name of the run, instead of the runnable's.
    pub name: Option<String>,
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

    /// Bounds how long the run may take. A run that takes longer is dropped and gives a `Timeout` error.
    #[must_use]
    pub fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }
}
