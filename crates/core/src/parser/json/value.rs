//! A JSON value of which later pieces replace earlier ones.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::build::{Node, build};
use crate::{Chunk, Data, FromData, Result};

/// A JSON value, as an output parser gives it: reads like a [`serde_json::Value`].
///
/// As chunks each stands for the whole value so far, so the last one counts, where pieces of a `Value` would add up.
/// That is why it does not convert into a `Value` by itself; [`into_value`](Json::into_value) does.
///
/// One that comes from a stream costs nothing until it is looked at; then the value is built, once, in time
/// proportional to its size. Clones share it.
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

/// At least one of the three is there.
#[derive(Default)]
struct Inner {
    prefix: Option<Prefix>,
    value: OnceLock<Value>,
    data: OnceLock<Data>,
}

/// A part of a text that still grows behind it.
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
    /// A value that is built when it is looked at.
    pub(super) fn lazy(prefix: Prefix) -> Self {
        Self(Arc::new(Inner { prefix: Some(prefix), ..Inner::default() }))
    }

    /// The value as `serde_json` has it.
    pub fn value(&self) -> &Value {
        self.0.value.get_or_init(|| match (&self.0.prefix, self.0.data.get()) {
            (Some(prefix), _) => prefix.build(),
            (None, data) => data.map(Chunk::to_json).unwrap_or_default(),
        })
    }

    /// The value as prompts and dynamic chains have it, with the members of objects in the order of the text.
    pub fn data(&self) -> &Data {
        self.0.data.get_or_init(|| match (&self.0.prefix, self.0.value.get()) {
            (Some(prefix), _) => prefix.build(),
            (None, value) => value.cloned().unwrap_or_default().into(),
        })
    }

    /// Gives the value away, without a copy where nobody else holds it.
    pub fn into_value(self) -> Value {
        self.value();
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.value.into_inner().unwrap_or_default(),
            Err(shared) => Self(shared).value().clone(),
        }
    }

    /// Like [`data`](Json::data), given away.
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

/// Pieces of the result replace each other, as those of the value do.
impl From<Json> for Data {
    fn from(json: Json) -> Self {
        Self::Json(json)
    }
}

/// Any value, as JSON.
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

/// The JSON text, without spaces.
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
