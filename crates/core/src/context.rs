//! What flows down a run: the caller's config and the limits it set.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::RunConfig;
use crate::config::DEFAULT_RECURSION_LIMIT;
use crate::permits::{Permit, Permits};

/// The run that a step is called in. A cheap clone; steps pass it on to what they call.
///
/// # Example
/// ```
/// use catena_core::{lambda, Context, RunConfig, RunnableExt};
/// # futures_executor::block_on(async {
/// let who = lambda(|_: String, cx: Context| cx.configurable("user").and_then(|user| user.as_str()).map(String::from));
/// let config = RunConfig::new().with_configurable("user", "ada");
/// assert_eq!(who.invoke_with("", &config).await?, Some("ada".to_string()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// `None` for a run that nobody configured: it costs nothing.
    run: Option<Arc<Run>>,
}

#[derive(Debug)]
struct Run {
    config: RunConfig,
    permits: Option<Arc<Permits>>,
}

impl Context {
    /// The context of a run that the caller starts.
    pub fn new(config: &RunConfig) -> Self {
        if *config == RunConfig::default() {
            return Self::default();
        }
        let permits = config.max_concurrency.map(Permits::new);
        Self { run: Some(Arc::new(Run { config: config.clone(), permits })) }
    }

    /// The labels of the run.
    pub fn tags(&self) -> &[String] {
        self.config().map_or(&[], |config| &config.tags)
    }

    /// The facts about the run.
    pub fn metadata(&self) -> Option<&Map<String, Value>> {
        self.config().map(|config| &config.metadata)
    }

    /// A value that the caller set for configurable steps.
    pub fn configurable(&self, key: &str) -> Option<&Value> {
        self.config()?.configurable.get(key)
    }

    /// The most model calls, and items of a batch, that may be under way at once.
    pub fn max_concurrency(&self) -> Option<usize> {
        self.config()?.max_concurrency
    }

    /// How often a function may still return another runnable.
    pub fn recursion_limit(&self) -> usize {
        self.config().and_then(|config| config.recursion_limit).unwrap_or(DEFAULT_RECURSION_LIMIT)
    }

    fn config(&self) -> Option<&RunConfig> {
        self.run.as_ref().map(|run| &run.config)
    }

    /// Waits until one more model call may start; `None` when nothing limits them.
    pub(crate) async fn permit(&self) -> Option<Permit> {
        match self.run.as_ref().and_then(|run| run.permits.as_ref()) {
            Some(permits) => Some(permits.acquire().await),
            None => None,
        }
    }
}
