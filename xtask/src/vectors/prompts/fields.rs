//! The fields of an operation or a node.

use catena::{Data, Record, Result};

use super::super::tagged;
use super::unknown;

#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Record);

impl<'a> Fields<'a> {
    /// The fields of a record.
    pub(super) fn of(data: &'a Data) -> Result<Self> {
        data.as_record().map(Self).ok_or_else(|| unknown("form of a node"))
    }

    pub(super) fn get(self, name: &str) -> Option<&'a Data> {
        self.0.get(name)
    }

    pub(super) fn need(self, name: &str) -> Result<&'a Data> {
        self.get(name).ok_or_else(|| unknown(&format!("operation without `{name}`")))
    }

    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Data::as_text)
    }

    pub(super) fn flag(self, name: &str) -> bool {
        self.get(name) == Some(&Data::Bool(true))
    }

    pub(super) fn number(self, name: &str) -> Option<usize> {
        self.get(name).cloned().and_then(|value| catena::FromData::from_data(value).ok())
    }

    pub(super) fn record(self, name: &str) -> Option<&'a Record> {
        self.get(name).and_then(Data::as_record)
    }

    pub(super) fn items(self, name: &str) -> &'a [Data] {
        match self.get(name) {
            Some(Data::List(items)) => items,
            _ => &[],
        }
    }

    /// The items as texts.
    pub(super) fn texts(self, name: &str) -> Vec<&'a str> {
        self.items(name).iter().filter_map(Data::as_text).collect()
    }

    /// The values of variables.
    pub(super) fn values(self, name: &str) -> Data {
        self.get(name).map(tagged::decode).unwrap_or_default()
    }
}

/// A value that a prompt has filled beforehand.
pub(super) enum Partial {
    Value(Data),
    /// What a function gives.
    Function(Data),
}

/// The values that are filled beforehand.
pub(super) fn partials(values: Option<&Record>) -> Vec<(String, Partial)> {
    let read = |value: &Data| match value.get("$thunk") {
        Some(given) => Partial::Function(tagged::decode(given)),
        None => Partial::Value(tagged::decode(value)),
    };
    values
        .iter()
        .flat_map(|values| values.iter())
        .map(|(name, value)| (name.to_owned(), read(value)))
        .collect()
}
