//! Lookup of a prompt's variables in its input.

use crate::data::Lookup;
use crate::{Data, Error, ErrorKind, Record, Result};

/// The maximum number of names listed in an error.
const MOST_LISTED: usize = 20;

/// The input of a prompt, together with the variables the prompt requires.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    input: &'a Data,
    needed: &'a [String],
    /// Defaults for variables missing from the input: those of the prompt, then those of a template inside it.
    partials: [Option<&'a Record>; 2],
}

impl<'a> Values<'a> {
    /// A record supplies the variables by name; any other value supplies the single required one.
    pub(super) fn new(input: &'a Data, needed: &'a [String]) -> Self {
        Self { input, needed, partials: [None; 2] }
    }

    /// Adds defaults, used where neither the input nor earlier defaults have a value.
    pub(super) fn with_partials(mut self, values: &'a Record) -> Self {
        let free = if self.partials[0].is_none() { 0 } else { 1 };
        self.partials[free] = Some(values);
        self
    }

    /// Returns the whole input.
    pub(super) fn input(&self) -> &'a Data {
        self.input
    }

    /// Returns the names of the required variables.
    pub(super) fn needed(&self) -> &'a [String] {
        self.needed
    }

    /// Returns the value of a variable, if it has one.
    pub(super) fn find(&self, name: &str) -> Option<&'a Data> {
        let given = match self.input.as_record() {
            Some(record) => record.get(name),
            None => matches!(self.needed, [needed] if needed == name).then_some(self.input),
        };
        given.or_else(|| self.partials.iter().flatten().find_map(|values| values.get(name)))
    }

    /// Returns a lookup of the input's named values, without the defaults.
    #[inline]
    pub(super) fn named(&self) -> Lookup<'a> {
        match self.input {
            Data::Record(record) => record.lookup(),
            _ => Lookup::default(),
        }
    }

    /// Returns the value of a variable, or an error that says why there is none.
    pub(super) fn get(&self, name: &str) -> Result<&'a Data> {
        self.find(name).ok_or_else(|| match (self.input.as_record(), self.needed) {
            (Some(_), _) | (None, [] | [_]) => self.missing(name),
            (None, needed) => Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "a single value fills only one variable, but this prompt has {}: pass a record",
                    list(needed)
                ),
            ),
        })
    }

    /// Fails if a required value is missing, or if a bare value is given to a prompt that requires none.
    pub(super) fn require_all(&self) -> Result<()> {
        self.refuse_stray()?;
        self.needed.iter().try_for_each(|name| self.get(name).map(|_| ()))
    }

    /// Fails if a bare value is given but no variable is required, so that the value is not silently dropped.
    #[inline]
    pub(super) fn refuse_stray(&self) -> Result<()> {
        match self.input {
            Data::Record(_) | Data::Null => Ok(()),
            _ if self.needed.is_empty() => Err(Error::new(
                ErrorKind::InvalidInput,
                "a single value was given, but this prompt requires none: pass a record, such as `vars! {}`",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the value of an optional variable. A bare value supplies only the required one.
    pub(super) fn get_optional(&self, name: &str) -> Result<Option<&'a Data>> {
        if self.needed.iter().any(|needed| needed == name) {
            return self.get(name).map(Some);
        }
        Ok(self.find(name).filter(|value| **value != Data::Null))
    }

    fn missing(&self, name: &str) -> Error {
        let received: Vec<&str> =
            self.input.as_record().map(|record| record.names().collect()).unwrap_or_default();
        let received = if received.is_empty() { "nothing".to_owned() } else { list(&received) };
        let message = format!(
            "missing variable `{name:.100}`: the prompt needs {}, the input has {received}; \
             if `{{{name:.100}}}` is meant as text, write `{{{{{name:.100}}}}}`",
            list(self.needed)
        );
        Error::new(ErrorKind::MissingKey, message)
    }
}

pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<_> =
        names.iter().take(MOST_LISTED).map(|name| format!("`{:.100}`", name.as_ref())).collect();
    match names.len().saturating_sub(MOST_LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
