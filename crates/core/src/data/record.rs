//! An ordered map of named values.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Data;
use crate::Chunk;

/// The size from which a record keeps an index; below it, linear search is faster.
const INDEXED_FROM: usize = 12;

/// An ordered map of named values, in insertion order.
///
/// # Example
/// ```
/// use catena_core::{Data, Record};
/// let mut record = Record::new();
/// record.insert("b", 1);
/// record.insert("a", "x");
/// record.insert("b", 2);
/// assert_eq!(record.names().collect::<Vec<_>>(), ["b", "a"]);
/// assert_eq!(record.get("b"), Some(&Data::from(2)));
/// ```
#[derive(Clone, Default)]
pub struct Record {
    entries: Vec<(String, Data)>,
    /// The position of each name, once there are many.
    index: Option<HashMap<String, usize>>,
    /// Whether it was produced incrementally by a step; such records merge key by key as chunks.
    mergeable: bool,
}

impl Record {
    /// Creates an empty record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the value with this name.
    pub fn get(&self, name: &str) -> Option<&Data> {
        self.position(name).map(|at| &self.entries[at].1)
    }

    /// Returns a mutable reference to the value with this name.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Data> {
        self.position(name).map(|at| &mut self.entries[at].1)
    }

    /// Returns whether there is a value with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Sets a value. A name that is already present keeps its position.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Data>) {
        let name = name.into();
        if let Some(at) = self.position(&name) {
            self.entries[at].1 = value.into();
            return;
        }
        if let Some(index) = &mut self.index {
            index.insert(name.clone(), self.entries.len());
        }
        self.entries.push((name, value.into()));
        if self.index.is_none() && self.entries.len() >= INDEXED_FROM {
            self.index =
                Some(self.entries.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect());
        }
    }

    /// Returns the number of values.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the record is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Iterates over the names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// Iterates over the names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Data)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Marks the record as a partial one: as a chunk it merges key by key instead of replacing the record before it.
    #[must_use]
    pub fn mergeable(mut self) -> Self {
        self.mergeable = true;
        self
    }

    pub(crate) fn is_mergeable(&self) -> bool {
        self.mergeable
    }

    /// Returns a cursor for looking up values by name.
    #[inline]
    pub(crate) fn lookup(&self) -> Lookup<'_> {
        Lookup { record: Some(self), rest: &self.entries }
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.entries.iter().position(|(present, _)| present == name),
        }
    }
}

/// A cursor for looking up the values of a record by name; empty by default. Lookups in the record's own order take
/// constant time.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lookup<'a> {
    record: Option<&'a Record>,
    /// The entries after the one found last.
    rest: &'a [(String, Data)],
}

impl<'a> Lookup<'a> {
    /// Returns the value with this name.
    #[inline]
    pub(crate) fn get(&mut self, name: &str) -> Option<&'a Data> {
        match self.rest {
            [(present, value), rest @ ..] if is_name(present, name) => {
                self.rest = rest;
                Some(value)
            }
            _ => self.get_anywhere(name),
        }
    }

    #[inline(never)]
    fn get_anywhere(&mut self, name: &str) -> Option<&'a Data> {
        let record = self.record?;
        let ((_, value), rest) = record.entries.get(record.position(name)?..)?.split_first()?;
        self.rest = rest;
        Some(value)
    }
}

/// Compares two names. Most names are short, and for those a call to `memcmp` costs more than the comparison.
#[inline]
fn is_name(present: &str, name: &str) -> bool {
    let (present, name) = (present.as_bytes(), name.as_bytes());
    let ends = |name: &[u8]| Some((*name.first_chunk::<4>()?, *name.last_chunk::<4>()?));
    match present.len() {
        length if length != name.len() => false,
        // The two halves overlap and cover the whole name.
        4..=8 => ends(present) == ends(name),
        _ => present == name,
    }
}

impl Chunk for Record {
    fn merge(&mut self, next: Self) {
        // A complete record replaces the previous one; a partial record updates it, complete or not.
        let replaces = !(next.mergeable || next.is_empty());
        let nothing_yet = self.is_empty() && !self.mergeable;
        if replaces || nothing_yet {
            *self = next;
            return;
        }
        for (name, value) in next {
            match self.get_mut(&name) {
                Some(present) => present.merge(value),
                None => self.insert(name, value),
            }
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn to_json(&self) -> serde_json::Value {
        Data::Record(self.clone()).into_json()
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Deserializes an object, preserving the order of its members.
impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Data::deserialize(deserializer)? {
            Data::Record(record) => Ok(record),
            other => Err(de::Error::custom(format_args!("expected an object, got {}", other.kind()))),
        }
    }
}

impl IntoIterator for Record {
    type Item = (String, Data);
    type IntoIter = std::vec::IntoIter<(String, Data)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<K: Into<String>, V: Into<Data>> FromIterator<(K, V)> for Record {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        let mut record = Self::new();
        record.extend(pairs);
        record
    }
}

impl<K: Into<String>, V: Into<Data>> Extend<(K, V)> for Record {
    fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, pairs: T) {
        pairs.into_iter().for_each(|(name, value)| self.insert(name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_order_and_out_of_order() {
        let names =
            ["", "a", "ab", "abc", "abcd", "abcx", "abcde", "abcdefg", "abcdefgh", "abxdefgh", "abcdefghi"];
        let record: Record = names.iter().map(|name| (*name, *name)).collect();
        for before in ["none of them"].iter().chain(&names) {
            for name in names {
                let mut lookup = record.lookup();
                let _ = lookup.get(before);
                assert_eq!(lookup.get(name), Some(&Data::from(name)));
                assert_eq!(
                    lookup.rest.len(),
                    names.iter().rev().take_while(|behind| **behind != name).count()
                );
                assert_eq!(lookup.get("abcz"), None);
            }
        }
        assert_eq!(Lookup::default().get("a"), None);
    }

    #[test]
    fn many_names_are_found_as_few_are() {
        let mut record: Record = (0..100).map(|n| (format!("name {n}"), n)).collect();
        record.insert("name 50", "changed");
        assert_eq!((record.len(), record.get("name 50")), (100, Some(&Data::from("changed"))));
        assert_eq!(record.get("name 99"), Some(&Data::from(99)));
        assert_eq!(record.names().nth(50), Some("name 50"));
    }
}
