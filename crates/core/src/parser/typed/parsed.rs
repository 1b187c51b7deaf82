//! A value parsed from an answer.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{Chunk, Data, Json, Result};

/// A value of a Rust type, parsed from an answer. It dereferences to `T`.
///
/// Each chunk is the complete value so far, so merging keeps the last one, whatever `T` is. Clones are cheap and share
/// the value.
///
/// # Example
/// ```
/// use catena_core::{RunnableExt, TypedOutputParser};
/// # futures_executor::block_on(async {
/// # use serde::Deserialize;
/// #[derive(Deserialize)]
/// struct Company {
///     name: String,
/// }
/// let schema = serde_json::json!({"type": "object"});
/// let company = TypedOutputParser::<Company>::with_schema(schema).invoke(r#"{"name": "Socks & Co"}"#).await?;
/// assert_eq!(company.name, "Socks & Co");
/// assert_eq!(company.json()["name"], "Socks & Co");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct Parsed<T> {
    value: Arc<T>,
    json: Json,
}

impl<T> Parsed<T> {
    pub(in crate::parser) fn new(value: T, json: Json) -> Self {
        Self { value: Arc::new(value), json }
    }

    /// Returns the JSON from which the value was parsed.
    pub fn json(&self) -> &Json {
        &self.json
    }

    /// Returns the value, without copying unless it is shared.
    pub fn into_inner(self) -> T
    where
        T: Clone,
    {
        Arc::unwrap_or_clone(self.value)
    }
}

impl<T> Deref for Parsed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Clone for Parsed<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), json: self.json.clone() }
    }
}

impl<T: Send + Sync + 'static> Chunk for Parsed<T> {
    fn to_json(&self) -> Value {
        self.json.value().clone()
    }
}

/// Converts to the JSON from which the value was parsed.
impl<T> From<Parsed<T>> for Data {
    fn from(parsed: Parsed<T>) -> Self {
        parsed.json.into()
    }
}

impl<T: PartialEq> PartialEq for Parsed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Parsed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for Parsed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Serialize> Serialize for Parsed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}
