//! A place in a pipeline that is being loaded: its data, and where it stands.

use std::fmt::{self, Write};

use catena_core::{Data, DynRunnable, Error, ErrorKind, Record, Result, RunConfig};

use crate::{PipelineLoader, config, nodes};

/// How deep nodes may stand inside each other.
const DEPTH_LIMIT: usize = 128;

/// A part of a pipeline, with the place where it stands: what the hooks of a [`PipelineLoader`] read.
///
/// # Errors
/// What is not as a hook wants it becomes a [`Config`](catena_core::ErrorKind::Config) error that begins with the
/// place: `seq[2].parallel.a: ...`.
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

    /// The part as it is.
    pub fn data(&self) -> &'a Data {
        self.data
    }

    /// Where it stands: `seq[2].parallel.a`. Empty for the whole.
    pub fn path(&self) -> &str {
        &self.at
    }

    /// The loader at work.
    pub fn loader(&self) -> &'a PipelineLoader {
        self.loader
    }

    /// An error at this place.
    pub fn error(&self, message: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Config, self.located(message))
    }

    /// An error from elsewhere, at this place.
    pub(crate) fn locate(&self, error: Error) -> Error {
        // An error of a part of this one says already where it is.
        if error.message().starts_with(&self.at) {
            return error;
        }
        Error::new(error.kind(), self.located(error.message())).with_source(error)
    }

    fn located(&self, message: impl fmt::Display) -> String {
        if self.at.is_empty() { message.to_string() } else { format!("{}: {message}", self.at) }
    }

    /// A member of a record; `None` if it is absent or null.
    pub fn get(&self, name: &str) -> Option<Self> {
        let data = self.data.get(name).filter(|data| !matches!(data, Data::Null))?;
        Some(self.member(name, data))
    }

    /// A member that must be there.
    pub fn required(&self, name: &str) -> Result<Self> {
        self.record()?;
        self.get(name).ok_or_else(|| self.error(format_args!("missing `{name}`")))
    }

    /// Another value in the place of this one.
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
        // Writing to a text cannot fail.
        let _ = write!(at, "[{index}]");
        Self { data, at, ..*self }
    }

    pub(crate) fn record(&self) -> Result<&'a Record> {
        self.data.as_record().ok_or_else(|| self.unfit("an object"))
    }

    /// The members of a record, in order.
    pub fn members(&self) -> Result<Vec<(&'a str, Self)>> {
        let members = self.record()?.iter();
        Ok(members.map(|(name, data)| (name, self.member(name, data))).collect())
    }

    /// The elements of a list.
    pub fn items(&self) -> Result<Vec<Self>> {
        match self.data {
            Data::List(items) => {
                Ok(items.iter().enumerate().map(|(index, data)| self.item(index, data)).collect())
            }
            _ => Err(self.unfit("a list")),
        }
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str> {
        self.data.as_text().ok_or_else(|| self.unfit("a string"))
    }

    /// Texts.
    pub fn texts(&self) -> Result<Vec<&'a str>> {
        self.items()?.iter().map(Spec::text).collect()
    }

    /// A whole number, 0 or more.
    pub fn count(&self) -> Result<usize> {
        let count = match self.data {
            Data::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        count.ok_or_else(|| self.unfit("a non-negative integer"))
    }

    /// A number.
    pub fn number(&self) -> Result<f64> {
        match self.data {
            Data::Number(number) => number.as_f64().ok_or_else(|| self.unfit("a number")),
            _ => Err(self.unfit("a number")),
        }
    }

    /// Yes or no.
    pub fn flag(&self) -> Result<bool> {
        match self.data {
            Data::Bool(flag) => Ok(*flag),
            _ => Err(self.unfit("a boolean")),
        }
    }

    /// Refuses a record with members other than these.
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

    /// Loads a node that stands here.
    pub fn load(&self) -> Result<DynRunnable> {
        nodes::load(&self.nested()?)
    }

    /// One deeper inside, unless that is too deep.
    pub(crate) fn nested(&self) -> Result<Self> {
        if self.depth >= DEPTH_LIMIT {
            let limit = format!("nodes are nested more than {DEPTH_LIMIT} levels deep");
            return Err(Error::new(ErrorKind::Config, limit));
        }
        Ok(Self { depth: self.depth + 1, ..self.clone() })
    }

    /// Loads nodes by name.
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
