//! A part of a pipeline being loaded: its data and location.

use std::fmt::{self, Write};

use catena_core::{Data, DynRunnable, Error, ErrorKind, Record, Result, RunConfig};

use crate::{PipelineLoader, config, nodes};

/// The maximum nesting depth of nodes.
const DEPTH_LIMIT: usize = 128;

/// A part of a pipeline with its location, as read by the hooks of a [`PipelineLoader`].
///
/// # Errors
/// A value that a hook cannot use gives a [`Config`](catena_core::ErrorKind::Config) error whose message starts with
/// the location: `seq[2].parallel.a: ...`.
///
/// # Example
/// ```
/// use catena_core::{lambda, RunnableExt};
/// use catena_pipeline::PipelineLoader;
/// # futures_executor::block_on(async {
/// let loader = PipelineLoader::new().with_function("repeat", |args| {
///     args.only(&["times"])?;
///     let times = args.required("times")?.count()?;
///     Ok(lambda(move |text: String| text.repeat(times)).dynamic())
/// });
/// let chain = loader.from_json(r#"{"lambda": "repeat", "args": {"times": 2}}"#)?;
/// assert_eq!(chain.invoke("ab").await?, "abab".into());
///
/// let error = loader.from_json(r#"{"map": {"lambda": "repeat", "args": {"times": "x"}}}"#).unwrap_err();
/// assert_eq!(error.to_string(), "map.lambda.args.times: expected a non-negative integer, got a string");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Spec<'a> {
    data: &'a Data,
    at: String,
    depth: usize,
    loader: &'a PipelineLoader,
}

impl<'a> Spec<'a> {
    pub(crate) fn root(data: &'a Data, loader: &'a PipelineLoader) -> Self {
        Self { data, at: String::new(), depth: 0, loader }
    }

    /// Returns the data of this part.
    pub fn data(&self) -> &'a Data {
        self.data
    }

    /// Returns the location: `seq[2].parallel.a`. Empty for the whole pipeline.
    pub fn path(&self) -> &str {
        &self.at
    }

    /// Returns the loader.
    pub fn loader(&self) -> &'a PipelineLoader {
        self.loader
    }

    /// Creates an error at this location.
    pub fn error(&self, message: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Config, self.located(message))
    }

    /// Adds this location to an error.
    pub(crate) fn locate(&self, error: Error) -> Error {
        // An error of a nested part has a location already.
        if error.message().starts_with(&self.at) {
            return error;
        }
        Error::new(error.kind(), self.located(error.message())).with_source(error)
    }

    fn located(&self, message: impl fmt::Display) -> String {
        if self.at.is_empty() { message.to_string() } else { format!("{}: {message}", self.at) }
    }

    /// Returns a member of a record; `None` if it is absent or null.
    pub fn get(&self, name: &str) -> Option<Self> {
        let data = self.data.get(name).filter(|data| !matches!(data, Data::Null))?;
        Some(self.member(name, data))
    }

    /// Returns a required member.
    pub fn required(&self, name: &str) -> Result<Self> {
        self.record()?;
        self.get(name).ok_or_else(|| self.error(format_args!("missing `{name}`")))
    }

    /// Replaces the value, keeping the location.
    pub(crate) fn replaced(&self, data: &'a Data) -> Self {
        Self { data, ..self.clone() }
    }

    pub(crate) fn member(&self, name: &str, data: &'a Data) -> Self {
        let mut at = self.at.clone();
        if !at.is_empty() {
            at.push('.');
        }
        at.push_str(name);
        Self { data, at, ..*self }
    }

    fn item(&self, index: usize, data: &'a Data) -> Self {
        let mut at = self.at.clone();
        // Writing to a string cannot fail.
        let _ = write!(at, "[{index}]");
        Self { data, at, ..*self }
    }

    pub(crate) fn record(&self) -> Result<&'a Record> {
        self.data.as_record().ok_or_else(|| self.unfit("an object"))
    }

    /// Returns the members of a record, in order.
    pub fn members(&self) -> Result<Vec<(&'a str, Self)>> {
        let members = self.record()?.iter();
        Ok(members.map(|(name, data)| (name, self.member(name, data))).collect())
    }

    /// Returns the elements of a list.
    pub fn items(&self) -> Result<Vec<Self>> {
        match self.data {
            Data::List(items) => {
                Ok(items.iter().enumerate().map(|(index, data)| self.item(index, data)).collect())
            }
            _ => Err(self.unfit("a list")),
        }
    }

    /// Reads a text.
    pub fn text(&self) -> Result<&'a str> {
        self.data.as_text().ok_or_else(|| self.unfit("a string"))
    }

    /// Reads a list of texts.
    pub fn texts(&self) -> Result<Vec<&'a str>> {
        self.items()?.iter().map(Spec::text).collect()
    }

    /// Reads a non-negative integer.
    pub fn count(&self) -> Result<usize> {
        let count = match self.data {
            Data::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        count.ok_or_else(|| self.unfit("a non-negative integer"))
    }

    /// Reads a number.
    pub fn number(&self) -> Result<f64> {
        match self.data {
            Data::Number(number) => number.as_f64().ok_or_else(|| self.unfit("a number")),
            _ => Err(self.unfit("a number")),
        }
    }

    /// Reads a boolean.
    pub fn flag(&self) -> Result<bool> {
        match self.data {
            Data::Bool(flag) => Ok(*flag),
            _ => Err(self.unfit("a boolean")),
        }
    }

    /// Fails for a record with members other than these.
    pub fn only(&self, names: &[&str]) -> Result<()> {
        let unknown = self.record()?.names().find(|name| !names.contains(name));
        match unknown {
            None => Ok(()),
            Some(name) if names.is_empty() => {
                Err(self.error(format_args!("unknown option `{name:.80}`; no options are supported")))
            }
            Some(name) => {
                Err(self.error(format_args!("unknown option `{name:.80}`; known: {}", names.join(", "))))
            }
        }
    }

    pub(crate) fn unfit(&self, wanted: &str) -> Error {
        self.error(format_args!("expected {wanted}, got {}", self.data.kind()))
    }

    /// Loads this part as a node.
    pub fn load(&self) -> Result<DynRunnable> {
        nodes::load(&self.nested()?)
    }

    /// Increases the nesting depth, failing if it is exceeded.
    pub(crate) fn nested(&self) -> Result<Self> {
        if self.depth >= DEPTH_LIMIT {
            let limit = format!("nodes are nested more than {DEPTH_LIMIT} levels deep");
            return Err(Error::new(ErrorKind::Config, limit));
        }
        Ok(Self { depth: self.depth + 1, ..self.clone() })
    }

    /// Loads the members of a record as nodes.
    pub(crate) fn load_members(&self) -> Result<Vec<(&'a str, DynRunnable)>> {
        self.members()?.into_iter().map(|(name, node)| Ok((name, node.load()?))).collect()
    }

    /// Reads a config: `tags`, `metadata`, `run_name`, `max_concurrency`, `recursion_limit`, `configurable`, `timeout`
    /// (seconds) and `handlers` (names of [observers](PipelineLoader::with_observer)).
    pub fn config(&self) -> Result<RunConfig> {
        config::read(self)
    }
}

impl fmt::Debug for Spec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec").field("at", &self.at).field("data", &self.data).finish_non_exhaustive()
    }
}
