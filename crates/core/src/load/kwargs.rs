//! What a constructor is given.

use std::fmt;
use std::time::Duration;

use super::Loaded;
use crate::{Data, DynRunnable, Error, ErrorKind, Record, Result};

/// What the constructor of a class is given, by name. Taken out one by one.
///
/// # Errors
/// What is missing is a [`MissingKey`](ErrorKind::MissingKey), what is of another kind [`InvalidInput`](ErrorKind::InvalidInput);
/// both name the class.
///
/// # Example
/// See [`Loader::with_class`](super::Loader::with_class).
pub struct Kwargs {
    class: String,
    values: Vec<(String, Loaded)>,
}

impl Kwargs {
    pub(super) fn new(class: &str, values: Vec<(String, Loaded)>) -> Self {
        Self { class: class.to_owned(), values }
    }

    /// The name of the class.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The names of what is there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name.as_str())
    }

    /// Takes a value out; `None` if it is absent or null.
    pub fn take(&mut self, name: &str) -> Option<Loaded> {
        let at = self.values.iter().position(|(present, _)| present == name)?;
        Some(self.values.swap_remove(at).1).filter(|value| !matches!(value, Loaded::Data(Data::Null)))
    }

    /// Takes a value out that must be there.
    pub fn need(&mut self, name: &str) -> Result<Loaded> {
        let class = self.class.clone();
        self.take(name)
            .ok_or_else(|| Error::new(ErrorKind::MissingKey, format!("missing `{name}` of a {class}")))
    }

    /// Takes plain data out.
    pub fn data(&mut self, name: &str) -> Result<Option<Data>> {
        self.take(name).map(|value| value.try_into().map_err(|error| self.within(name, &error))).transpose()
    }

    /// Takes a text out.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.data(name)? {
            None => Ok(None),
            Some(Data::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.unfit(name, "a string", other.kind())),
        }
    }

    /// Takes a boolean out.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        match self.data(name)? {
            None => Ok(None),
            Some(Data::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.unfit(name, "a boolean", other.kind())),
        }
    }

    /// Takes a whole number out that is not below zero.
    pub fn count(&mut self, name: &str) -> Result<Option<usize>> {
        let Some(value) = self.data(name)? else { return Ok(None) };
        let count = match &value {
            Data::Number(number) => number.as_u64().and_then(|count| usize::try_from(count).ok()),
            _ => None,
        };
        count.map(Some).ok_or_else(|| self.unfit(name, "a non-negative integer", value.kind()))
    }

    /// Takes a number of seconds out.
    pub fn seconds(&mut self, name: &str) -> Result<Option<Duration>> {
        let Some(value) = self.data(name)? else { return Ok(None) };
        let seconds = match &value {
            Data::Number(number) => {
                number.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            }
            _ => None,
        };
        seconds.map(Some).ok_or_else(|| self.unfit(name, "a number of seconds", value.kind()))
    }

    /// Takes named values out; none if they are absent.
    pub fn record(&mut self, name: &str) -> Result<Record> {
        match self.data(name)? {
            None => Ok(Record::new()),
            Some(Data::Record(record)) => Ok(record),
            Some(other) => Err(self.unfit(name, "a record", other.kind())),
        }
    }

    /// Takes a list out; an empty one if it is absent.
    pub fn list(&mut self, name: &str) -> Result<Vec<Loaded>> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Loaded::List(items)) => Ok(items),
            Some(Loaded::Data(Data::List(items))) => Ok(items.into_iter().map(Loaded::Data).collect()),
            Some(other) => Err(self.unfit(name, "a list", other.kind())),
        }
    }

    /// Takes a runnable out that must be there.
    pub fn runnable(&mut self, name: &str) -> Result<DynRunnable> {
        self.need(name)?.into_runnable().map_err(|error| self.within(name, &error))
    }

    /// Fails if something is left, apart from these: what a class does not know, it must not pass over. Say it last.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported), with a name that is left.
    ///
    /// # Example
    /// ```
    /// use catena_core::load::Loader;
    /// let loader = Loader::new().with_class(["acme", "Greeting"], |mut kwargs| {
    ///     let text = kwargs.text("text")?.unwrap_or_default();
    ///     kwargs.refuse_rest(&["verbose"])?;
    ///     Ok(catena_core::load::Loaded::Data(text.into()))
    /// });
    /// let greeting = |kwargs: &str| {
    ///     loader.loads(&format!(r#"{{"lc": 1, "type": "constructor", "id": ["acme", "Greeting"], "kwargs": {kwargs}}}"#))
    /// };
    /// assert!(greeting(r#"{"text": "Hi", "verbose": true, "loud": null}"#).is_ok());
    /// assert!(greeting(r#"{"text": "Hi", "loud": true}"#).is_err());
    /// ```
    pub fn refuse_rest(&self, known: &[&str]) -> Result<()> {
        let says_nothing = |value: &Loaded| matches!(value, Loaded::Data(Data::Null));
        let mut left = self.values.iter().filter(|(_, value)| !says_nothing(value));
        match left.find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("`{name:.80}` of a {} is not supported", self.class),
            )),
        }
    }

    /// An error that names the class and the argument.
    pub fn unfit(&self, name: &str, expected: &str, got: &str) -> Error {
        let message = format!("`{name}` of a {} must be {expected}, not {got}", self.class);
        Error::new(ErrorKind::InvalidInput, message)
    }

    pub(super) fn within(&self, name: &str, error: &Error) -> Error {
        Error::new(error.kind(), format!("`{name}` of a {}: {}", self.class, error.message()))
    }

    pub(super) fn into_data(self) -> Result<Vec<(String, Data)>> {
        self.values.into_iter().map(|(name, value)| Ok((name, value.try_into()?))).collect()
    }
}

/// Names only: the values may be secrets.
impl fmt::Debug for Kwargs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kwargs")
            .field("class", &self.class)
            .field("names", &self.names().collect::<Vec<_>>())
            .finish()
    }
}
