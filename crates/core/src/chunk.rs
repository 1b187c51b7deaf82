//! Chunks: how the pieces of a stream combine into the whole value.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::pin::Pin;

use futures_core::Stream;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use crate::Result;

/// A stream of chunks. Dropping it cancels the work behind it.
///
/// [`stream`](crate::RunnableExt::stream) returns one that borrows its runnable,
/// [`into_stream`](crate::RunnableExt::into_stream) one that is `'static`.
pub type ChunkStream<'a, T> = Pin<Box<dyn Stream<Item = Result<T>> + Send + 'a>>;

/// A value that may arrive in chunks.
///
/// # Contract
/// * `merge` is associative: the grouping of the chunks makes no difference.
/// * [`empty`](Chunk::empty) is the identity: merging it into a value, or a value into it, gives that value.
/// * A type without an empty value keeps the last chunk, so repeating a chunk changes nothing.
///
/// Strings append, lists extend, maps merge key by key, numbers and booleans keep the last value. An empty `impl` gives
/// a type of your own the last behaviour.
///
/// # Example
/// ```
/// use catena_core::Chunk;
///
/// let mut text = String::from("tooth");
/// text.merge("paste".into());
/// assert_eq!(text, "toothpaste");
///
/// #[derive(Clone)]
/// struct Score(u32);
/// impl Chunk for Score {}
/// let mut score = Score(1);
/// score.merge(Score(2));
/// assert_eq!(score.0, 2);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Chunk`, so no step can take or return it",
    label = "not a `Chunk`",
    note = "for a type of your own, `#[derive(Chunk, Clone)]` merges the chunks of a stream field by field; \
            `impl Chunk for {Self} {{}}` keeps only the last one",
    note = "steps take and return owned values: `String` instead of `&str`"
)]
pub trait Chunk: Clone + Send + Sync + 'static {
    /// Merges the next chunk into this one. By default, the next chunk replaces it.
    fn merge(&mut self, next: Self) {
        *self = next;
    }

    /// Returns the chunk that adds nothing, if the type has one.
    fn empty() -> Option<Self> {
        None
    }

    /// Returns the value as JSON, as shown to observers and in events and traces; `null` by default.
    fn to_json(&self) -> Value {
        Value::Null
    }
}

/// Merges all chunks of a stream. Returns `None` if the stream yields no chunk.
///
/// # Errors
/// The first error of the stream.
///
/// # Example
/// ```
/// use catena_core::gather;
/// # futures_executor::block_on(async {
/// let chunks = futures_util::stream::iter([Ok("to".to_string()), Ok("ken".to_string())]);
/// assert_eq!(gather(Box::pin(chunks)).await?, Some("token".to_string()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub async fn gather<T: Chunk>(mut chunks: ChunkStream<'_, T>) -> Result<Option<T>> {
    let mut whole: Option<T> = None;
    while let Some(chunk) = chunks.next().await {
        merge_option(&mut whole, chunk?);
    }
    Ok(whole)
}

pub(crate) fn merge_option<T: Chunk>(whole: &mut Option<T>, next: T) {
    match whole {
        Some(whole) => whole.merge(next),
        None => *whole = Some(next),
    }
}

impl Chunk for String {
    fn merge(&mut self, next: Self) {
        if self.is_empty() {
            *self = next;
        } else {
            self.push_str(&next);
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl<T: Chunk> Chunk for Vec<T> {
    fn merge(&mut self, next: Self) {
        self.extend(next);
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(Chunk::to_json).collect())
    }
}

impl<T: Chunk> Chunk for Option<T> {
    fn merge(&mut self, next: Self) {
        if let Some(next) = next {
            merge_option(self, next);
        }
    }

    fn empty() -> Option<Self> {
        Some(None)
    }

    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, Chunk::to_json)
    }
}

/// Strings append, arrays extend, objects merge key by key, `null` yields to anything, all other values keep the last.
impl Chunk for Value {
    fn merge(&mut self, next: Self) {
        match (self, next) {
            (_, Self::Null) => {}
            (Self::String(text), Self::String(next)) => text.push_str(&next),
            (Self::Array(items), Self::Array(next)) => items.extend(next),
            (Self::Object(map), Self::Object(next)) => map.merge(next),
            (this, next) => *this = next,
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::Null)
    }

    fn to_json(&self) -> Value {
        self.clone()
    }
}

impl Chunk for Map<String, Value> {
    fn merge(&mut self, next: Self) {
        for (key, value) in next {
            match self.get_mut(&key) {
                Some(present) => present.merge(value),
                None => {
                    self.insert(key, value);
                }
            }
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::new())
    }

    fn to_json(&self) -> Value {
        Value::Object(self.clone())
    }
}

macro_rules! map_chunk {
    ($map:ident: $($bound:path),*) => {
        impl<K: $($bound +)* ToString + Clone + Send + Sync + 'static, V: Chunk> Chunk for $map<K, V> {
            fn merge(&mut self, next: Self) {
                for (key, value) in next {
                    match self.get_mut(&key) {
                        Some(present) => present.merge(value),
                        None => {
                            self.insert(key, value);
                        }
                    }
                }
            }

            fn empty() -> Option<Self> {
                Some(Self::new())
            }

            fn to_json(&self) -> Value {
                Value::Object(self.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect())
            }
        }
    };
}
map_chunk!(BTreeMap: Ord);
map_chunk!(HashMap: Hash, Eq);

macro_rules! scalar_chunk {
    ($($scalar:ty),*) => {$(
        impl Chunk for $scalar {
            fn to_json(&self) -> Value {
                Value::from(*self)
            }
        }
    )*};
}
scalar_chunk!(bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);

impl Chunk for char {
    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

macro_rules! tuple_chunk {
    ($($member:ident $index:tt),*) => {
        impl<$($member: Chunk),*> Chunk for ($($member,)*) {
            fn merge(&mut self, next: Self) {
                $(self.$index.merge(next.$index);)*
            }

            fn empty() -> Option<Self> {
                Some(($($member::empty()?,)*))
            }

            fn to_json(&self) -> Value {
                Value::Array(vec![$(self.$index.to_json()),*])
            }
        }
    };
}
tuple_chunk!(A 0, B 1);
tuple_chunk!(A 0, B 1, C 2);
tuple_chunk!(A 0, B 1, C 2, D 3);
tuple_chunk!(A 0, B 1, C 2, D 3, E 4);
tuple_chunk!(A 0, B 1, C 2, D 3, E 4, F 5);

impl Chunk for () {
    fn empty() -> Option<Self> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(chunks: &[Value], whole: Value) {
        let fold = |chunks: &[Value]| {
            let mut whole = Value::Null;
            chunks.iter().for_each(|chunk| whole.merge(chunk.clone()));
            whole
        };
        assert_eq!(fold(chunks), whole);
        for split in 0..chunks.len() {
            let mut left = fold(&chunks[..split]);
            left.merge(fold(&chunks[split..]));
            assert_eq!(left, whole, "grouped at {split}");
        }
    }

    #[test]
    fn json_values_merge_by_their_type() {
        check(&[json!("a"), json!("b"), json!("c")], json!("abc"));
        check(&[json!([1]), json!([2, 3])], json!([1, 2, 3]));
        check(&[json!({"a": "x"}), json!({"a": "y", "b": 1}), json!({"b": 2})], json!({"a": "xy", "b": 2}));
        check(&[json!(1), json!(null), json!(2)], json!(2));
    }

    #[test]
    fn a_tuple_merges_member_by_member() {
        let mut pair = (String::from("a"), 1);
        pair.merge((String::from("b"), 2));
        assert_eq!(pair, (String::from("ab"), 2));
        assert_eq!(<(String, u32)>::empty(), None);
        assert_eq!(<(String, Vec<u32>)>::empty(), Some((String::new(), vec![])));
    }
}
