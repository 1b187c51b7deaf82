//! Routing by key.

use std::fmt;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::run::step;
use crate::runnable::Shape;
use crate::{
    BoxRunnable, Chunk, ChunkStream, Context, Data, Error, ErrorKind, FromData, Outline, OutlineParts,
    Result, RunKind, Runnable, RunnableExt, gather,
};

/// An input together with the key of the runnable it is for.
///
/// # Example
/// ```
/// use catena_core::Routed;
/// assert_eq!(Routed::new("add", 4).key, "add");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Routed<I> {
    /// The key of the runnable.
    pub key: String,
    /// The input of the runnable.
    pub input: I,
}

impl<I> Routed<I> {
    /// Creates an input for the runnable with this key.
    pub fn new(key: impl Into<String>, input: I) -> Self {
        Self { key: key.into(), input }
    }
}

impl<I: Chunk> Chunk for Routed<I> {
    fn to_json(&self) -> Value {
        json!({ "key": self.key, "input": self.input.to_json() })
    }
}

/// Reads a record with `key` and `input`.
impl FromData for Routed<Data> {
    fn from_data(data: Data) -> Result<Self> {
        let kind = match (data.get("key").map(Data::as_text), data.get("input")) {
            (Some(Some(key)), Some(input)) => return Ok(Self::new(key, input.clone())),
            (None, _) | (_, None) if data.as_record().is_some() => ErrorKind::MissingKey,
            _ => ErrorKind::InvalidInput,
        };
        Err(Error::new(kind, "a routed input must be a record with a string `key` and an `input`"))
    }
}

/// A step that runs the runnable whose key the input names, and streams as it does. It opens no run of its own.
///
/// # Errors
/// [`InvalidInput`](crate::ErrorKind::InvalidInput) for an unknown key.
///
/// # Example
/// ```
/// use catena_core::{lambda, Routed, RouterRunnable, RunnableExt};
/// # futures_executor::block_on(async {
/// let router = RouterRunnable::new()
///     .with("add", lambda(|x: i64| x + 1))
///     .with("double", lambda(|x: i64| x * 2));
/// assert_eq!(router.invoke(Routed::new("double", 4)).await?, 8);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
pub struct RouterRunnable<I, O> {
    routes: Vec<(String, BoxRunnable<I, O>)>,
}

impl<I: Chunk, O: Chunk> RouterRunnable<I, O> {
    /// Creates a router without routes.
    pub fn new() -> Self {
        Self { routes: Vec::new() }
    }

    /// Adds a route. If two routes have the same key, the first one is used.
    #[must_use]
    pub fn with(
        mut self,
        key: impl Into<String>,
        route: impl Runnable<Input = I, Output = O> + 'static,
    ) -> Self {
        self.routes.push((key.into(), route.boxed()));
        self
    }

    fn route(&self, key: &str) -> Result<&BoxRunnable<I, O>> {
        let found = self.routes.iter().find(|(name, _)| name == key);
        found.map(|(_, route)| route).ok_or_else(|| {
            let known: Vec<&str> = self.routes.iter().map(|(name, _)| name.as_str()).collect();
            let message =
                format!("no runnable associated with key `{key:.80}`; expected one of: {}", known.join(", "));
            Error::new(ErrorKind::InvalidInput, message)
        })
    }
}

impl<I: Chunk, O: Chunk> Default for RouterRunnable<I, O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I, O> Clone for RouterRunnable<I, O> {
    fn clone(&self) -> Self {
        Self { routes: self.routes.clone() }
    }
}

impl<I: Chunk, O: Chunk> fmt::Debug for RouterRunnable<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.routes.iter().map(|(key, route)| (key, route))).finish()
    }
}

#[async_trait]
impl<I: Chunk, O: Chunk> Runnable for RouterRunnable<I, O> {
    type Input = Routed<I>;
    type Output = O;

    async fn call(&self, routed: Routed<I>, cx: &Context) -> Result<O> {
        step::call_here(self.route(&routed.key)?, routed.input, cx).await
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, Routed<I>>, cx: Context) -> ChunkStream<'a, O> {
        let chosen = async move {
            let routed = match gather(input).await {
                Ok(Some(routed)) => routed,
                Ok(None) => return stream::empty().boxed(),
                Err(error) => return stream::iter([Err(error)]).boxed(),
            };
            match self.route(&routed.key) {
                Ok(route) => step::transform_here(route, stream::iter([Ok(routed.input)]).boxed(), cx),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(chosen).flatten().boxed()
    }

    fn outline(&self) -> Outline {
        let routes = self.routes.iter().map(|(key, route)| (key.clone(), route.outline())).collect();
        Outline::new(self.name(), RunKind::Chain, OutlineParts::Choice(routes)).saved_as("RouterRunnable")
    }

    fn shape(&self) -> Shape {
        Shape::Wrapper
    }
}

crate::impl_pipe!(impl [I: Chunk, O: Chunk] RouterRunnable<I, O>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vars;

    #[test]
    fn a_routed_input_has_a_key_and_an_input() {
        let read = |data: Data| Routed::from_data(data).map_err(|error| error.kind());
        assert_eq!(read(vars! { key: "a", input: 1 }), Ok(Routed::new("a", 1.into())));
        assert_eq!(read(vars! { key: "a" }), Err(ErrorKind::MissingKey));
        assert_eq!(read(vars! { input: 1 }), Err(ErrorKind::MissingKey));
        assert_eq!(read(vars! { key: 1, input: 1 }), Err(ErrorKind::InvalidInput));
        assert_eq!(read("a".into()), Err(ErrorKind::InvalidInput));
    }
}
