//! Partial variables: those filled before the rest of the prompt.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::{Data, Error, ErrorKind, Record, Result};

/// Values for some variables of a prompt, including functions that are called each time it is filled.
#[derive(Clone, Default)]
pub(super) struct Partials {
    values: Record,
    functions: Vec<(String, Arc<dyn Fn() -> Data + Send + Sync>)>,
}

impl Partials {
    pub(super) fn set(&mut self, name: String, value: Data) {
        self.functions.retain(|(present, _)| *present != name);
        self.values.insert(name, value);
    }

    pub(super) fn set_function(&mut self, name: String, function: Arc<dyn Fn() -> Data + Send + Sync>) {
        self.functions.retain(|(present, _)| *present != name);
        self.functions.push((name, function));
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.values.contains(name) || self.functions.iter().any(|(present, _)| present == name)
    }

    /// Returns the names, each once.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let functions = self.functions.iter().map(|(name, _)| name.as_str());
        self.values.names().chain(functions.filter(|name| !self.values.contains(name)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.functions.is_empty()
    }

    /// Returns the values, calling the functions.
    pub(super) fn resolve(&self) -> Cow<'_, Record> {
        if self.functions.is_empty() {
            return Cow::Borrowed(&self.values);
        }
        let mut values = self.values.clone();
        values.extend(self.functions.iter().map(|(name, function)| (name.as_str(), function())));
        Cow::Owned(values)
    }

    /// Returns the values; fails if any is given by a function.
    pub(super) fn as_data(&self) -> Result<&Record> {
        match self.functions.first() {
            None => Ok(&self.values),
            Some((name, _)) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("the value of `{name}` is a function, which cannot be saved"),
            )),
        }
    }

    /// Merges two sets; for a variable in both, the other's value is used.
    pub(super) fn extend(&mut self, other: &Self) {
        other.values.iter().for_each(|(name, value)| self.set(name.to_owned(), value.clone()));
        for (name, function) in &other.functions {
            self.set_function(name.clone(), Arc::clone(function));
        }
    }
}

/// Functions are equal if they are the same allocation.
impl PartialEq for Partials {
    fn eq(&self, other: &Self) -> bool {
        let mut functions = self.functions.iter().zip(&other.functions);
        self.values == other.values
            && self.functions.len() == other.functions.len()
            && functions.all(|(a, b)| a.0 == b.0 && Arc::ptr_eq(&a.1, &b.1))
    }
}

impl fmt::Debug for Partials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions = self.functions.iter().map(|(name, _)| (name.as_str(), "a function"));
        f.debug_map().entries(self.values.iter()).entries(functions).finish()
    }
}
