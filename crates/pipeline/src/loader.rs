//! What knows the parts of a pipeline and puts them together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use catena_core::{
    ChatMessageHistory, Data, DynRunnable, Error, ErrorKind, InMemorySessions, Observer, Result, RetryPolicy,
};

use crate::Spec;
use crate::errors::ErrorTest;

/// Makes a step of a part of a pipeline.
pub(crate) type Build = Arc<dyn Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync>;
pub(crate) type Sessions = Arc<dyn Fn(&str) -> Arc<dyn ChatMessageHistory> + Send + Sync>;

/// Loads pipelines from data. It knows the [nodes](crate#nodes) that are plain data; what is code is registered with
/// it. A cheap clone.
///
/// # Errors
/// [`Config`](catena_core::ErrorKind::Config) for what is unknown or wrong in a pipeline, with its place; for a bad
/// template, [`Template`](catena_core::ErrorKind::Template).
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
    /// A loader that knows nothing of the application yet.
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

    /// Registers what `{"lambda": name}` stands for. The hook gets the node's `args`, an empty record if there are none.
    #[must_use]
    pub fn with_function(
        self,
        name: impl Into<String>,
        build: impl Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.functions.insert(name.into(), Arc::new(build)))
    }

    /// Registers what `{"gen": name}` stands for. The hook gets the node's `args`, an empty record if there are none.
    #[must_use]
    pub fn with_generator(
        self,
        name: impl Into<String>,
        build: impl Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.generators.insert(name.into(), Arc::new(build)))
    }

    /// Registers a kind of node, or replaces one. The hook gets the value of the member `kind`.
    #[must_use]
    pub fn with_node(
        self,
        kind: impl Into<String>,
        build: impl Fn(&Spec<'_>) -> Result<DynRunnable> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.nodes.insert(kind.into(), Arc::new(build)))
    }

    /// Registers a kind of error that retries and fallbacks may name among their `exceptions`.
    #[must_use]
    pub fn with_error(
        self,
        name: impl Into<String>,
        is: impl Fn(&Error) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| _ = inner.errors.insert(name.into(), Arc::new(is)))
    }

    /// Registers an observer that configs may name among their `handlers`.
    #[must_use]
    pub fn with_observer(self, name: impl Into<String>, observer: impl Observer + 'static) -> Self {
        self.changed(|inner| _ = inner.observers.insert(name.into(), Arc::new(observer)))
    }

    /// How retries are made, as far as their nodes do not say. By default three attempts, on errors that say that
    /// trying again may help, with waits in between.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        self.changed(|inner| inner.retry = policy)
    }

    /// Where conversations are kept, by session. By default in memory, for as long as this loader and what it loaded.
    #[must_use]
    pub fn with_sessions(
        self,
        sessions: impl Fn(&str) -> Arc<dyn ChatMessageHistory> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|inner| inner.sessions = Arc::new(sessions))
    }

    /// Loads templates in jinja2's language too. They can do more than fill in values: only for what you trust. Needs the
    /// feature `jinja2` of `catena-core`.
    #[must_use]
    pub fn allow_jinja2(self) -> Self {
        self.changed(|inner| inner.jinja2 = true)
    }

    pub(crate) fn allows_jinja2(&self) -> bool {
        self.0.jinja2
    }

    /// Makes a runnable of a pipeline.
    pub fn load(&self, pipeline: &Data) -> Result<DynRunnable> {
        self.spec(pipeline).load()
    }

    /// Data to be read as parts of a pipeline: a node, a [config](Spec::config).
    pub fn spec<'a>(&'a self, data: &'a Data) -> Spec<'a> {
        Spec::root(data, self)
    }

    /// Makes a runnable of a pipeline in JSON.
    pub fn from_json(&self, text: &str) -> Result<DynRunnable> {
        let pipeline: Data = serde_json::from_str(text).map_err(|error| unreadable("JSON", error))?;
        self.load(&pipeline)
    }

    /// Makes a runnable of a pipeline in YAML.
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
        // As YAML 1.2 has it: a plain `yes` is a text.
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
    // It may repeat the whole text; what it says first says where.
    let text = error.to_string();
    let failure = Error::new(ErrorKind::Config, format!("the pipeline is not valid {format}: {text:.1000}"));
    if text.len() <= 1_000 { failure.with_source(error) } else { failure }
}
