//! The loader that builds pipelines from registered parts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use catena_core::{
    ChatMessageHistory, Data, DynRunnable, Error, ErrorKind, InMemorySessions, Observer, Result, RetryPolicy,
};

use crate::Spec;
use crate::errors::ErrorTest;

/// Builds a step from a part of a pipeline.
pub(crate) type Build = Arc<dyn Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync>;
pub(crate) type Sessions = Arc<dyn Fn(&str) -> Arc<dyn ChatMessageHistory> + Send + Sync>;

/// Loads pipelines from data. It has the [nodes](crate#nodes) that consist of data only; code is registered by name.
/// Cloning is cheap.
///
/// # Errors
/// [`Config`](catena_core::ErrorKind::Config) for an unknown or invalid part of a pipeline, with its location;
/// [`Template`](catena_core::ErrorKind::Template) for an invalid template.
///
/// # Example
/// ```
/// use catena_core::{vars, RunnableExt};
/// use catena_pipeline::PipelineLoader;
/// # futures_executor::block_on(async {
/// let chain = PipelineLoader::new().from_json(r#"{"seq": [{"pick": ["a", "b"]}, {"prompt": "{a} and {b}"}]}"#)?;
/// assert_eq!(chain.invoke(vars! { a: 1, b: 2, c: 3 }).await?.into_json(), "1 and 2");
///
/// let error = PipelineLoader::new().from_json(r#"{"seq": [{"pick": "a"}, {"parallel": {"x": {"lamda": "f"}}}]}"#);
/// assert!(error.unwrap_err().to_string().starts_with("seq[1].parallel.x: unknown node `lamda`; known: "));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct PipelineLoader(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    functions: BTreeMap<String, Build>,
    generators: BTreeMap<String, Build>,
    nodes: BTreeMap<String, Build>,
    errors: BTreeMap<String, ErrorTest>,
    observers: BTreeMap<String, Arc<dyn Observer>>,
    retry: RetryPolicy,
    sessions: Sessions,
    jinja2: bool,
}

impl PipelineLoader {
    /// Creates a loader without registered parts.
    pub fn new() -> Self {
        let sessions = InMemorySessions::new();
        Self(Arc::new(Inner {
            functions: BTreeMap::new(),
            generators: BTreeMap::new(),
            nodes: BTreeMap::new(),
            errors: BTreeMap::new(),
            observers: BTreeMap::new(),
            retry: RetryPolicy::new(),
            sessions: Arc::new(move |id| Arc::new(sessions.session(id))),
            jinja2: false,
        }))
    }

    fn changed(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Registers the function for `{"lambda": name}`. The hook receives the node's `args`, or an empty record.
    #[must_use]
    pub fn with_function(
        self,
        name: impl Into<String>,
        build: impl Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.functions.insert(name.into(), Arc::new(build)))
    }

    /// Registers the generator for `{"gen": name}`. The hook receives the node's `args`, or an empty record.
    #[must_use]
    pub fn with_generator(
        self,
        name: impl Into<String>,
        build: impl Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.generators.insert(name.into(), Arc::new(build)))
    }

    /// Registers or replaces a kind of node. The hook receives the value of the member `kind`.
    #[must_use]
    pub fn with_node(
        self,
        kind: impl Into<String>,
        build: impl Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.nodes.insert(kind.into(), Arc::new(build)))
    }

    /// Registers a kind of error for the `exceptions` of retries and fallbacks.
    #[must_use]
    pub fn with_error(
        self,
        name: impl Into<String>,
        is: impl Fn(&Error) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.errors.insert(name.into(), Arc::new(is)))
    }

    /// Registers an observer for the `handlers` of configs.
    #[must_use]
    pub fn with_observer(self, name: impl Into<String>, observer: impl Observer + 'static) -> Self {
        self.changed(|inner| _ = inner.observers.insert(name.into(), Arc::new(observer)))
    }

    /// Sets the policy for whatever a retry node does not specify. By default, retryable errors are retried with
    /// backoff, up to three attempts in total.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        self.changed(|inner| inner.retry = policy)
    }

    /// Sets where message histories are stored, by session. By default they are in memory and live as long as this
    /// loader and the runnables it has loaded.
    #[must_use]
    pub fn with_sessions(
        self,
        sessions: impl Fn(&str) -> Arc<dyn ChatMessageHistory> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| inner.sessions = Arc::new(sessions))
    }

    /// Allows jinja2 templates. They are programs, so allow them only for trusted pipelines. Requires the `jinja2`
    /// feature of `catena-core`.
    #[must_use]
    pub fn allow_jinja2(self) -> Self {
        self.changed(|inner| inner.jinja2 = true)
    }

    pub(crate) fn allows_jinja2(&self) -> bool {
        self.0.jinja2
    }

    /// Builds the runnable of a pipeline.
    pub fn load(&self, pipeline: &Data) -> Result<DynRunnable> {
        self.spec(pipeline).load()
    }

    /// Wraps data to be read as part of a pipeline: a node or a [config](Spec::config).
    pub fn spec<'a>(&'a self, data: &'a Data) -> Spec<'a> {
        Spec::root(data, self)
    }

    /// Builds the runnable of a pipeline in JSON.
    pub fn from_json(&self, text: &str) -> Result<DynRunnable> {
        let pipeline: Data = serde_json::from_str(text).map_err(|error| unreadable("JSON", error))?;
        self.load(&pipeline)
    }

    /// Builds the runnable of a pipeline in YAML.
    ///
    /// # Example
    /// ```
    /// use catena_core::RunnableExt;
    /// use catena_pipeline::PipelineLoader;
    /// # futures_executor::block_on(async {
    /// let chain = PipelineLoader::new().from_yaml("
    /// parallel:
    ///   question: {passthrough: {}}
    ///   prompt: {prompt: 'Answer briefly: {question}'}
    /// ")?;
    /// assert_eq!(chain.invoke("Why?").await?.get("question"), Some(&"Why?".into()));
    /// # Ok::<(), catena_core::Error>(()) }).unwrap();
    /// ```
    #[cfg(feature = "yaml")]
    pub fn from_yaml(&self, text: &str) -> Result<DynRunnable> {
        // As in YAML 1.2, a plain `yes` is a text.
        let options = serde_saphyr::options! { strict_booleans: true };
        let pipeline: Data =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| unreadable("YAML", error))?;
        self.load(&pipeline)
    }

    pub(crate) fn function(&self, name: &str) -> Option<&Build> {
        self.0.functions.get(name)
    }

    pub(crate) fn generator(&self, name: &str) -> Option<&Build> {
        self.0.generators.get(name)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.functions.keys().map(String::as_str)
    }

    pub(crate) fn generators(&self) -> impl Iterator<Item = &str> {
        self.0.generators.keys().map(String::as_str)
    }

    pub(crate) fn node(&self, kind: &str) -> Option<&Build> {
        self.0.nodes.get(kind)
    }

    pub(crate) fn node_kinds(&self) -> impl Iterator<Item = &str> {
        self.0.nodes.keys().map(String::as_str)
    }

    pub(crate) fn error_test(&self, name: &str) -> Option<&ErrorTest> {
        self.0.errors.get(name)
    }

    pub(crate) fn observer(&self, name: &Spec<'_>) -> Result<&Arc<dyn Observer>> {
        let text = name.text()?;
        self.0.observers.get(text).ok_or_else(|| {
            let known: Vec<&str> = self.0.observers.keys().map(String::as_str).collect();
            name.error(format_args!("unknown handler `{text:.80}`; known: {}", known.join(", ")))
        })
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.0.retry
    }

    pub(crate) fn sessions(&self) -> Sessions {
        Arc::clone(&self.0.sessions)
    }
}

impl Default for PipelineLoader {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PipelineLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineLoader")
            .field("functions", &self.functions().collect::<Vec<_>>())
            .field("generators", &self.generators().collect::<Vec<_>>())
            .field("nodes", &self.node_kinds().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn unreadable(format: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    // It may contain the whole text; its start gives the location.
    let text = error.to_string();
    let failure = Error::new(ErrorKind::Config, format!("the pipeline is not valid {format}: {text:.1000}"));
    if text.len() <= 1_000 { failure.with_source(error) } else { failure }
}
