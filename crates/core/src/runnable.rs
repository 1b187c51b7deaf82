//! The central trait: anything that can be composed, invoked, batched and streamed.

use std::any::type_name;
use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::run::step;
use crate::{Capabilities, Chunk, ChunkStream, Context, Outline, Result};

/// The kind of work a run performs, as reported in traces and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunKind {
    /// A composition of runnables, or a function.
    Chain,
    /// A prompt.
    Prompt,
    /// A chat model.
    ChatModel,
    /// A text completion model.
    Llm,
    /// An output parser.
    Parser,
    /// A tool.
    Tool,
}

/// A step of a chain: turns one input into one output, either of which may arrive in chunks.
///
/// Only [`call`](Runnable::call) has to be implemented. [`RunnableExt`](crate::RunnableExt) adds `invoke`, `stream`,
/// `batch`, `pipe` and the other methods. Implement [`transform`](Runnable::transform) as well if the step can produce
/// output before its input is complete.
///
/// # Contract
/// * Folding the chunks of `transform` with [`Chunk::merge`] gives what `call` returns for the folded input.
/// * An empty input stream gives an empty output stream. If the input is not empty, an empty output stream stands for
///   the output type's empty chunk, if the type has one.
/// * Nothing happens before the future or stream is polled.
///
/// `catena_testkit::laws` checks these rules and more against your own runnables.
///
/// # Errors
/// Errors of the step itself; combinators add the position in the chain where they occurred.
///
/// # Cancellation
/// Dropping the future or stream cancels all work it has started.
///
/// # Wrappers
/// `Arc<R>` and [`BoxRunnable`](crate::BoxRunnable) forward every method.
///
/// # Example
/// ```
/// use catena_core::{async_trait, Context, Result, Runnable, RunnableExt};
///
/// struct Shout;
///
/// #[async_trait]
/// impl Runnable for Shout {
///     type Input = String;
///     type Output = String;
///     async fn call(&self, input: String, _cx: &Context) -> Result<String> {
///         Ok(input.to_uppercase())
///     }
/// }
///
/// # futures_executor::block_on(async {
/// assert_eq!(Shout.invoke("hello").await?, "HELLO");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[async_trait]
pub trait Runnable: Send + Sync {
    /// The input type. In a sequence, the previous step may produce any type that converts into it.
    type Input: Chunk;
    /// The output type.
    type Output: Chunk;

    /// Runs the step once, on a complete input.
    async fn call(&self, input: Self::Input, cx: &Context) -> Result<Self::Output>;

    /// Runs the step on an input that arrives in chunks.
    ///
    /// The default implementation gathers the input and calls [`call`](Runnable::call) once.
    fn transform<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        cx: Context,
    ) -> ChunkStream<'a, Self::Output> {
        step::gather_and_call(self, input, cx)
    }

    /// Returns the name shown in errors, traces and events; by default, that of the type.
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(short_type_name::<Self>())
    }

    /// Returns the kind of work this runnable performs; by default [`RunKind::Chain`].
    fn kind(&self) -> RunKind {
        RunKind::Chain
    }

    /// Returns metadata for observers in addition to the name. Models report `ls_provider`, `ls_model_name` and
    /// `ls_model_type`.
    fn run_metadata(&self) -> Map<String, Value> {
        Map::new()
    }

    /// Returns the structure of the runnable, from which graphs and schemas are derived.
    fn outline(&self) -> Outline {
        Outline::of(self)
    }

    /// Returns how this runnable is composed, which decides how steps are counted and runs are opened.
    #[doc(hidden)]
    fn shape(&self) -> Shape {
        Shape::Step
    }

    /// Returns the capabilities of the model that a call in this context would reach, for runnables that select the
    /// model per call. Not consulted when the [outline](Runnable::outline) already states the capabilities.
    #[doc(hidden)]
    fn chosen_capabilities(&self, _cx: &Context) -> Option<Capabilities> {
        None
    }
}

/// How a runnable is composed.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One step.
    Step,
    /// A sequence of this many steps, which are counted as steps of the enclosing sequence.
    Sequence(usize),
    /// Changes how another runnable is called but opens no run of its own.
    Wrapper,
}

impl Shape {
    /// Returns the number of sequence steps it counts as.
    pub(crate) fn steps(self) -> usize {
        match self {
            Self::Sequence(steps) => steps,
            Self::Step | Self::Wrapper => 1,
        }
    }
}

/// Returns the last segment of a type's path without generic parameters: `catena_core::Foo<Bar>` gives `Foo`.
pub(crate) fn short_type_name<T: ?Sized>() -> &'static str {
    let full = type_name::<T>();
    let end = full.find('<').unwrap_or(full.len());
    full[..end].rsplit("::").next().unwrap_or(full)
}

#[async_trait]
impl<R: Runnable + ?Sized> Runnable for Arc<R> {
    type Input = R::Input;
    type Output = R::Output;

    // Not an `async fn`, which would box the already boxed future again.
    fn call<'s, 'c, 'f>(
        &'s self,
        input: Self::Input,
        cx: &'c Context,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Output>> + Send + 'f>>
    where
        's: 'f,
        'c: 'f,
        Self: 'f,
    {
        (**self).call(input, cx)
    }

    fn transform<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        cx: Context,
    ) -> ChunkStream<'a, Self::Output> {
        (**self).transform(input, cx)
    }

    fn name(&self) -> Cow<'_, str> {
        (**self).name()
    }

    fn kind(&self) -> RunKind {
        (**self).kind()
    }

    fn run_metadata(&self) -> Map<String, Value> {
        (**self).run_metadata()
    }

    fn outline(&self) -> Outline {
        (**self).outline()
    }

    fn shape(&self) -> Shape {
        (**self).shape()
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        (**self).chosen_capabilities(cx)
    }
}
