//! A JSON value whose chunks replace each other.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::build::{Node, build};
use crate::{Chunk, Data, FromData, Result};

/// A JSON value returned by an output parser. It dereferences to a [`serde_json::Value`].
///
/// Each chunk is the complete value so far, so merging keeps the last one, whereas chunks of a `Value` would be
/// combined. For this reason it does not convert to a `Value` implicitly; use [`into_value`](Json::into_value).
///
/// A chunk of a stream is lazy: the value is built on first access, in time linear in its size. Clones share it.
///
/// # Example
/// ```
/// use catena_core::{Chunk, Json};
/// use serde_json::json;
///
/// let mut answer = Json::from(json!({"title": "Long"}));
/// answer.merge(json!({"title": "Long road", "pages": 3}).into());
/// assert_eq!(answer["title"], "Long road");
/// assert_eq!(answer.get("pages").and_then(|pages| pages.as_u64()), Some(3));
/// ```
#[derive(Clone)]
pub struct Json(Arc<Inner>);

/// At least one of the three is present.
#[derive(Default)]
struct Inner {
    prefix: Option<Prefix>,
    value: OnceLock<Value>,
    data: OnceLock<Data>,
}

/// A prefix of a text that is still growing.
pub(super) struct Prefix {
    pub(super) text: Arc<Mutex<String>>,
    pub(super) start: usize,
    pub(super) cut: usize,
}

impl Prefix {
    fn build<N: Node>(&self) -> N {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        build(text.get(self.start..self.cut).unwrap_or_default())
    }
}

impl Json {
    /// Creates a value that is built on first access.
    pub(super) fn lazy(prefix: Prefix) -> Self {
        Self(Arc::new(Inner { prefix: Some(prefix), ..Inner::default() }))
    }

    /// Returns the value as a `serde_json` value.
    pub fn value(&self) -> &Value {
        self.0.value.get_or_init(|| match (&self.0.prefix, self.0.data.get()) {
            (Some(prefix), _) => prefix.build(),
            (None, data) => data.map(Chunk::to_json).unwrap_or_default(),
        })
    }

    /// Returns the value as dynamic data, with the members of objects in their original order.
    pub fn data(&self) -> &Data {
        self.0.data.get_or_init(|| match (&self.0.prefix, self.0.value.get()) {
            (Some(prefix), _) => prefix.build(),
            (None, value) => value.cloned().unwrap_or_default().into(),
        })
    }

    /// Converts to a `serde_json` value, without copying unless it is shared.
    pub fn into_value(self) -> Value {
        self.value();
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.value.into_inner().unwrap_or_default(),
            Err(shared) => Self(shared).value().clone(),
        }
    }

    /// Like [`data`](Json::data), but consumes the value.
    pub(crate) fn into_data(self) -> Data {
        self.data();
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.data.into_inner().unwrap_or_default(),
            Err(shared) => Self(shared).data().clone(),
        }
    }
}

impl Deref for Json {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value()
    }
}

impl Chunk for Json {
    fn to_json(&self) -> Value {
        self.value().clone()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(Arc::new(Inner { value: value.into(), ..Inner::default() }))
    }
}

/// Chunks of the result replace each other, like those of `Json`.
impl From<Json> for Data {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}

/// Converts any value to JSON.
impl FromData for Json {
    fn from_data(data: Data) -> Result<Self> {
        Ok(match data {
            Data::Json(json) => json,
            data => Self(Arc::new(Inner { data: data.into(), ..Inner::default() })),
        })
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.value() == other.value()
    }
}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        self.value() == other
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.value(), f)
    }
}

/// Writes the compact JSON text.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.value(), f)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
