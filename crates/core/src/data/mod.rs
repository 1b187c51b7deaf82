//! Dynamically typed values: the inputs of prompts and of dynamic chains.

mod de;
mod from_data;
mod record;

pub use from_data::FromData;
pub(crate) use record::Lookup;
pub use record::Record;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde_json::{Map, Number, Value};

use crate::{AiMessage, Chunk, Error, Json, Message, PromptValue};

/// A dynamically typed value: JSON, or one of the types that the steps of a chain exchange.
///
/// It fills prompts, where a bare value supplies the single required variable, and is the type exchanged by the steps
/// of a [`RunnableParallel`](crate::RunnableParallel) or of a chain loaded from data.
///
/// When chunks are merged, texts are appended, lists concatenated and messages merged. Records produced by a chain's
/// own steps merge key by key; other records and the JSON of parsers replace the value before them. `Null` is replaced
/// by any value. For all other kinds, the last value is kept.
///
/// # Example
/// ```
/// use catena_core::{vars, Data, PromptTemplate, RunnableExt};
/// # futures_executor::block_on(async {
/// let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
/// let bare = prompt.invoke("toothpaste").await?;
/// let named = prompt.invoke(vars! { product: "toothpaste" }).await?;
/// let pairs = prompt.invoke([("product", "toothpaste")]).await?;
/// assert!(bare == named && named == pairs);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Data {
    /// The absence of a value.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Data>),
    /// Named values, in insertion order.
    Record(Record),
    /// A message.
    Message(Box<Message>),
    /// A filled prompt.
    Prompt(Box<PromptValue>),
    /// JSON produced by a parser. It is equal to the same value in plain form, but as a chunk it replaces the value
    /// before it. See [`into_plain`](Data::into_plain).
    Json(Json),
    /// An error, as the input of a later step that handles it.
    Error(Error),
}

impl Data {
    /// Returns the value with this name, if this is a record that has one.
    pub fn get(&self, name: &str) -> Option<&Data> {
        self.as_record()?.get(name)
    }

    /// Returns the text, if this is a text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Json(json) => json.data().as_text(),
            _ => None,
        }
    }

    /// Returns the named values, if this is a record.
    pub fn as_record(&self) -> Option<&Record> {
        match self {
            Self::Record(record) => Some(record),
            Self::Json(json) => json.data().as_record(),
            _ => None,
        }
    }

    /// Converts the JSON of a parser to the plain value it stands for: a record, a list, a text and so on.
    ///
    /// # Example
    /// ```
    /// use catena_core::{Data, Json};
    /// let data = Data::from(Json::from(serde_json::json!(["a", "b"])));
    /// assert!(matches!(data.into_plain(), Data::List(items) if items.len() == 2));
    /// ```
    #[must_use]
    pub fn into_plain(self) -> Self {
        match self {
            Self::Json(json) => json.into_data(),
            plain => plain,
        }
    }

    /// Returns a description of the kind of value, for error messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
            Self::Message(_) => "a message",
            Self::Prompt(_) => "a prompt value",
            Self::Json(json) => json.data().kind(),
            Self::Error(_) => "an error",
        }
    }

    /// Converts the value to JSON. Messages and prompts become objects, an error its text.
    ///
    /// There is no implicit conversion between steps: chunks of [`Json`](Data::Json) replace each other, those of a
    /// `Value` combine.
    pub fn into_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(value) => Value::Number(value),
            Self::Text(value) => Value::String(value),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_json).collect()),
            Self::Record(record) => {
                Value::Object(record.into_iter().map(|(name, value)| (name, value.into_json())).collect())
            }
            Self::Message(message) => message.to_json(),
            Self::Prompt(prompt) => prompt.to_json(),
            Self::Json(json) => json.into_value(),
            Self::Error(error) => Value::String(error.to_string()),
        }
    }
}

impl Chunk for Data {
    fn merge(&mut self, next: Self) {
        match (self, next) {
            (_, Self::Null) => {}
            (Self::Text(text), Self::Text(next)) => text.merge(next),
            (Self::List(items), Self::List(next)) => items.extend(next),
            (Self::Message(message), Self::Message(next)) => message.merge(*next),
            (Self::Prompt(prompt), Self::Prompt(next)) => prompt.merge(*next),
            (Self::Record(record), Self::Record(next)) => record.merge(next),
            (this, next) => *this = next,
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::Null)
    }

    fn to_json(&self) -> Value {
        self.clone().into_json()
    }
}

/// Compares by content: the order of a record's names is ignored. Errors are never equal.
impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Record(a), Self::Record(b)) => a == b,
            (Self::Message(a), Self::Message(b)) => a == b,
            (Self::Prompt(a), Self::Prompt(b)) => a == b,
            (Self::Json(a), b) => a.data() == b,
            (a, Self::Json(b)) => a == b.data(),
            _ => false,
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => fmt::Display::fmt(value, f),
            Self::Text(value) => value.fmt(f),
            Self::List(items) => items.fmt(f),
            Self::Record(record) => record.fmt(f),
            Self::Message(message) => message.fmt(f),
            Self::Prompt(prompt) => prompt.fmt(f),
            Self::Json(json) => json.data().fmt(f),
            Self::Error(error) => error.fmt(f),
        }
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(value) => Self::Number(value),
            Value::String(value) => Self::Text(value),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => Self::Record(map.into_iter().collect()),
        }
    }
}

macro_rules! scalar_data {
    ($($type:ty),*) => {$(
        impl From<$type> for Data {
            fn from(value: $type) -> Self {
                Value::from(value).into()
            }
        }
    )*};
}
scalar_data!(bool, f32, f64);

macro_rules! integer_data {
    ($($type:ty),*) => {$(
        impl From<$type> for Data {
            #[inline]
            fn from(value: $type) -> Self {
                Self::Number(value.into())
            }
        }
    )*};
}
integer_data!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Data {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Cow<'_, str>> for Data {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<()> for Data {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl<T: Into<Data>> From<Option<T>> for Data {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Data>> From<Vec<T>> for Data {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl From<Record> for Data {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}

impl From<Message> for Data {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

impl From<AiMessage> for Data {
    fn from(message: AiMessage) -> Self {
        Message::Ai(message).into()
    }
}

impl From<PromptValue> for Data {
    fn from(prompt: PromptValue) -> Self {
        Self::Prompt(Box::new(prompt))
    }
}

impl<K: Into<String>, V: Into<Data>, const N: usize> From<[(K, V); N]> for Data {
    fn from(pairs: [(K, V); N]) -> Self {
        Self::Record(pairs.into_iter().collect())
    }
}

impl From<Map<String, Value>> for Data {
    fn from(map: Map<String, Value>) -> Self {
        Self::Record(map.into_iter().collect())
    }
}

/// Merged as chunks, these maps merge key by key, as do the resulting records.
impl<K: Into<String>, V: Into<Data>> From<BTreeMap<K, V>> for Data {
    fn from(map: BTreeMap<K, V>) -> Self {
        Self::Record(map.into_iter().collect::<Record>().mergeable())
    }
}

/// Merged as chunks, these maps merge key by key, as do the resulting records.
impl<K: Into<String>, V: Into<Data>, S> From<HashMap<K, V, S>> for Data {
    fn from(map: HashMap<K, V, S>) -> Self {
        Self::Record(map.into_iter().collect::<Record>().mergeable())
    }
}

/// Creates a value with named members: `vars! { product: "toothpaste", count: 3 }`.
///
/// # Example
/// ```
/// use catena_core::{vars, Data};
/// let vars = vars! { product: "toothpaste", count: 3 };
/// assert_eq!(vars.get("count"), Some(&Data::from(3)));
/// ```
#[macro_export]
macro_rules! vars {
    ($($name:ident : $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "there may be no variables")]
        let mut record = $crate::Record::new();
        $(record.insert(stringify!($name), $value);)*
        $crate::Data::from(record)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(chunks: &[Data], expected: Data) {
        let mut whole = Data::Null;
        chunks.iter().for_each(|chunk| whole.merge(chunk.clone()));
        assert_eq!(whole, expected);
    }

    #[test]
    fn chunks_merge_by_their_kind() {
        let made = |value: Value| match Data::from(value) {
            Data::Record(record) => Data::Record(record.mergeable()),
            other => other,
        };
        check(&["a".into(), "b".into()], "ab".into());
        check(&[json!([1]).into(), json!([2]).into()], json!([1, 2]).into());
        check(&[made(json!({"a": "x"})), made(json!({"b": 1, "a": "y"}))], json!({"a": "xy", "b": 1}).into());
        check(&[json!({"a": "x"}).into(), json!({"b": 1}).into()], json!({"b": 1}).into());
        check(&[AiMessage::new("a").into(), AiMessage::new("b").into()], AiMessage::new("ab").into());
        check(&["a".into(), 1.into()], 1.into());
        let parsed = |value: Value| Data::from(Json::from(value));
        check(&[parsed(json!([1])), parsed(json!([1, 2]))], json!([1, 2]).into());
        check(&[parsed(json!("a")), parsed(json!("ab"))], "ab".into());
    }
}
