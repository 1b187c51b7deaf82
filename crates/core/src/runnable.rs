//! The central trait: everything that can be composed, called, batched and streamed.

use std::any::type_name;
use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use crate::run::step;
use crate::{Capabilities, Chunk, ChunkStream, Context, Outline, Result};

/// What kind of work a run is, as traces and events name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunKind {
    /// A composition or a function.
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

/// A step: one input in, one output out, each possibly in pieces.
///
/// Implement [`call`](Runnable::call); everything else follows from it: [`RunnableExt`](crate::RunnableExt) adds
/// `invoke`, `stream`, `batch`, `pipe` and the rest. Implement [`transform`](Runnable::transform) too where output
/// can begin before the input is complete.
///
/// # Contract
/// Folding the chunks of `transform` with [`Chunk::merge`] gives what `call` returns for the folded input.
/// An empty input stream gives an empty output stream; of a stream with input an empty output stands for the empty
/// chunk, if the type has one. Nothing happens before the future or stream is polled. `catena_testkit::laws` checks all
/// this and more on a runnable of your own.
///
/// # Errors
/// Whatever the step reports; combinators add where in the chain it happened.
///
/// # Cancellation
/// Dropping the future or the stream cancels the work below it.
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
    /// What goes in. The step before may give anything that converts into it.
    type Input: Chunk;
    /// What comes out.
    type Output: Chunk;

    /// Runs the step once, on a complete input.
    async fn call(&self, input: Self::Input, cx: &Context) -> Result<Self::Output>;

    /// Runs the step on an input that arrives in chunks. Unless overridden it gathers them and `call`s once.
    fn transform<'a>(
        &'a self,
        input: ChunkStream<'a, Self::Input>,
        cx: Context,
    ) -> ChunkStream<'a, Self::Output> {
        step::gather_and_call(self, input, cx)
    }

    /// The name shown in errors, traces and events: by default that of the type.
    fn name(&self) -> Cow<'_, str> {
        Cow::Borrowed(short_type_name::<Self>())
    }

    /// What kind of work this is.
    fn kind(&self) -> RunKind {
        RunKind::Chain
    }

    /// What observers should know of it beside its name: under `ls_provider`, `ls_model_name` and `ls_model_type`, which
    /// model it is.
    fn run_metadata(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The structure of the runnable: what graphs and schemas are drawn from.
    fn outline(&self) -> Outline {
        Outline::of(self)
    }

    /// How this runnable is made up, for those that count steps and open runs.
    #[doc(hidden)]
    fn shape(&self) -> Shape {
        Shape::Step
    }

    /// What the model declares that a call in this context reaches, where only the call decides which that is. Where the
    /// [outline](Runnable::outline) says it, nobody asks.
    #[doc(hidden)]
    fn chosen_capabilities(&self, _cx: &Context) -> Option<Capabilities> {
        None
    }
}

/// How a runnable is made up.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One step.
    Step,
    /// A sequence of so many steps, which count among those of the sequence around it.
    Sequence(usize),
    /// Changes how another runnable is called, and leaves it to open its own run.
    Wrapper,
}

impl Shape {
    /// How many steps of a sequence it takes.
    pub(crate) fn steps(self) -> usize {
        match self {
            Self::Sequence(steps) => steps,
            Self::Step | Self::Wrapper => 1,
        }
    }
}

/// The last part of a type's path, without parameters: `catena_core::Foo<Bar>` is `Foo`.
pub(crate) fn short_type_name<T: ?Sized>() -> &'static str {
    let full = type_name::<T>();
    let end = full.find('<').unwrap_or(full.len());
    full[..end].rsplit("::").next().unwrap_or(full)
}

#[async_trait]
impl<R: Runnable + ?Sized> Runnable for Arc<R> {
    type Input = R::Input;
    type Output = R::Output;

    // Not an async function, which would box the future that is boxed already.
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
