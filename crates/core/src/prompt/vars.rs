//! The variables that fill a prompt.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::Chunk;

/// Named values for a prompt, or one bare value for a prompt with one variable.
///
/// # Example
/// ```
/// use catena_core::{vars, PromptTemplate, RunnableExt, Vars};
/// # futures_executor::block_on(async {
/// let prompt = PromptTemplate::new("What is a good name for a company that makes {product}?")?;
/// let bare = prompt.invoke("toothpaste").await?;
/// let named = prompt.invoke(vars! { product: "toothpaste" }).await?;
/// let pairs = prompt.invoke([("product", "toothpaste")]).await?;
/// assert!(bare == named && named == pairs);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Vars {
    /// Values by the name of the variable.
    Named(Map<String, Value>),
    /// One value, for the one variable there is.
    Bare(Value),
}

impl Vars {
    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Named(map) => map.get(name),
            Self::Bare(_) => None,
        }
    }

    /// Sets a named value. A bare value gives way.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        if let Self::Bare(_) = self {
            *self = Self::Named(Map::new());
        }
        if let Self::Named(map) = self {
            map.insert(name.into(), value.into());
        }
    }
}

impl Default for Vars {
    fn default() -> Self {
        Self::Named(Map::new())
    }
}

impl Chunk for Vars {
    fn merge(&mut self, next: Self) {
        match (self, next) {
            (Self::Named(map), Self::Named(next)) => map.merge(next),
            (Self::Bare(value), Self::Bare(next)) => value.merge(next),
            (Self::Bare(_), Self::Named(next)) if next.is_empty() => {}
            (this, next) => *this = next,
        }
    }

    fn empty() -> Option<Self> {
        Some(Self::default())
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Named(map) => Value::Object(map.clone()),
            Self::Bare(value) => value.clone(),
        }
    }
}

impl From<Value> for Vars {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(map) => Self::Named(map),
            value => Self::Bare(value),
        }
    }
}

impl From<Map<String, Value>> for Vars {
    fn from(map: Map<String, Value>) -> Self {
        Self::Named(map)
    }
}

macro_rules! bare_vars {
    ($($type:ty),*) => {$(
        impl From<$type> for Vars {
            fn from(value: $type) -> Self {
                Self::Bare(value.into())
            }
        }
    )*};
}
bare_vars!(&str, String, i32, i64, u32, u64, f64, bool);

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Vars {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        Self::Named(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Vars {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<Value>> From<BTreeMap<K, V>> for Vars {
    fn from(map: BTreeMap<K, V>) -> Self {
        map.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<Value>, S> From<HashMap<K, V, S>> for Vars {
    fn from(map: HashMap<K, V, S>) -> Self {
        map.into_iter().collect()
    }
}

/// Named values for a prompt: `vars! { product: "toothpaste", count: 3 }`.
///
/// # Example
/// ```
/// use catena_core::vars;
/// let vars = vars! { product: "toothpaste", count: 3 };
/// assert_eq!(vars.get("count").and_then(|count| count.as_i64()), Some(3));
/// ```
#[macro_export]
macro_rules! vars {
    ($($name:ident : $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "there may be no variables")]
        let mut vars = $crate::Vars::default();
        $(vars.insert(stringify!($name), $value);)*
        vars
    }};
}
