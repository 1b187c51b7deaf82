//! Fallbacks.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::{StreamExt, future, stream};

use super::assign::record;
use super::attempts::until_first_chunk;
use crate::load::Constructor;
use crate::model_ext::capabilities_of_all;
use crate::run::step::{self, Place};
use crate::{
    BoxRunnable, Capabilities, Chunk, ChunkStream, Context, Data, Error, ErrorKind, Outline, OutlineParts,
    Result, RunKind, Runnable, RunnableExt,
};

type Predicate = Arc<dyn Fn(&Error) -> bool + Send + Sync>;
type Annotate<I> = Arc<dyn Fn(I, &Error) -> Result<I> + Send + Sync>;

/// A primary runnable with fallbacks, which run in order if it fails. Created by
/// [`with_fallbacks`](crate::RunnableExt::with_fallbacks).
///
/// A stream falls back only until its first chunk; after that, errors pass through.
///
/// # Errors
/// If all fail, the error of the primary. An error excluded by [`when`](WithFallbacks::when) is returned immediately,
/// and so is a cancellation.
///
/// # Example
/// ```
/// use catena_core::{fakes::FakeLlm, Error, ErrorKind, RunnableExt};
/// # futures_executor::block_on(async {
/// let down = FakeLlm::failing(Vec::<String>::new(), Error::new(ErrorKind::Server, "down"));
/// let model = down.with_fallbacks([FakeLlm::new(["from the spare"])]);
/// assert_eq!(model.invoke("hi").await?, "from the spare");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[doc(alias = "RunnableWithFallbacks")]
pub struct WithFallbacks<I, O> {
    /// The primary, then the fallbacks.
    choices: Vec<BoxRunnable<I, O>>,
    when: Predicate,
    annotate: Option<Annotate<I>>,
    /// `false` once a function selects the errors that trigger a fallback.
    on_any_error: bool,
    error_key: Option<String>,
}

impl<I: Chunk, O: Chunk> WithFallbacks<I, O> {
    pub(crate) fn new(
        primary: impl Runnable<Input = I, Output = O> + 'static,
        fallbacks: impl IntoIterator<Item = impl Runnable<Input = I, Output = O> + 'static>,
    ) -> Self {
        let choices =
            std::iter::once(primary.boxed()).chain(fallbacks.into_iter().map(RunnableExt::boxed)).collect();
        Self { choices, when: Arc::new(|_| true), annotate: None, on_any_error: true, error_key: None }
    }

    /// Falls back only on the errors for which `when` returns `true`, instead of on all.
    #[must_use]
    #[doc(alias = "exceptions_to_handle")]
    pub fn when(mut self, when: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.when = Arc::new(when);
        self.on_any_error = false;
        self
    }

    fn handles(&self, error: &Error) -> bool {
        error.kind() != ErrorKind::Cancelled && (self.when)(error)
    }
}

impl<O: Chunk> WithFallbacks<Data, O> {
    /// Passes the last error to each fallback, under this key in its input. The caller's own input is unchanged.
    ///
    /// # Errors
    /// Once a runnable has failed, an input that is not a record fails with [`InvalidInput`](ErrorKind::InvalidInput).
    #[must_use]
    #[doc(alias = "exception_key")]
    pub fn with_error_key(mut self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.error_key = Some(key.clone());
        self.annotate = Some(Arc::new(move |input, error| {
            let mut input = record(input)?;
            input.insert(key.clone(), Data::Error(error.clone()));
            Ok(input.into())
        }));
        self
    }
}

impl<I, O> Clone for WithFallbacks<I, O> {
    fn clone(&self) -> Self {
        Self {
            choices: self.choices.clone(),
            when: Arc::clone(&self.when),
            annotate: self.annotate.clone(),
            on_any_error: self.on_any_error,
            error_key: self.error_key.clone(),
        }
    }
}

impl<I: Chunk, O: Chunk> fmt::Debug for WithFallbacks<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithFallbacks").field("choices", &self.choices).finish_non_exhaustive()
    }
}

/// The progress of a stream through the list of choices.
#[derive(Default)]
struct Progress {
    begun: usize,
    first: Option<Error>,
    last: Option<Error>,
}

#[async_trait]
impl<I: Chunk, O: Chunk> Runnable for WithFallbacks<I, O> {
    type Input = I;
    type Output = O;

    async fn call(&self, mut input: I, cx: &Context) -> Result<O> {
        let mut first = None;
        for (index, choice) in self.choices.iter().enumerate() {
            let error = match step::call(choice, input.clone(), cx, Place::Fallback(index)).await {
                Ok(output) => return Ok(output),
                Err(error) if !self.handles(&error) => return Err(error),
                Err(error) => error,
            };
            if let Some(annotate) = &self.annotate {
                input = annotate(input, &error)?;
            }
            first.get_or_insert(error);
        }
        Err(first.unwrap_or_else(|| Error::new(ErrorKind::Config, "there is no runnable to call")))
    }

    fn transform<'a>(&'a self, input: ChunkStream<'a, I>, cx: Context) -> ChunkStream<'a, O> {
        let progress = Arc::new(Mutex::new(Progress::default()));
        let shared = Arc::clone(&progress);
        let begin = move |input: ChunkStream<'a, I>| {
            let mut progress = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let index = progress.begun;
            progress.begun += 1;
            let input = match (&self.annotate, progress.last.take()) {
                (Some(annotate), Some(error)) => annotated(input, annotate, error),
                _ => input,
            };
            step::transform(&self.choices[index], input, &cx, Place::Fallback(index))
        };
        let again = move |error: Error| {
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            if !self.handles(&error) {
                return future::ready(Err(error));
            }
            progress.last = Some(error.clone());
            let first = progress.first.get_or_insert(error).clone();
            future::ready(if progress.begun < self.choices.len() { Ok(()) } else { Err(first) })
        };
        until_first_chunk(input, begin, again)
    }

    fn name(&self) -> std::borrow::Cow<'_, str> {
        "RunnableWithFallbacks".into()
    }

    fn outline(&self) -> Outline {
        let choices = self.choices.iter().map(Runnable::outline).collect();
        let outline = Outline::new(self.name(), RunKind::Chain, OutlineParts::Fallbacks(choices));
        let made = Constructor::runnable("RunnableWithFallbacks");
        let made = match &self.error_key {
            Some(key) => made.with("exception_key", key.as_str()),
            None => made,
        };
        outline.with_constructor(self.on_any_error.then_some(made))
    }

    fn chosen_capabilities(&self, cx: &Context) -> Option<Capabilities> {
        capabilities_of_all(&self.choices, cx)
    }
}

crate::impl_pipe!(impl [I: Chunk, O: Chunk] WithFallbacks<I, O>);

/// Gathers the input and adds the error to it.
fn annotated<'a, I: Chunk>(
    input: ChunkStream<'a, I>,
    annotate: &'a Annotate<I>,
    error: Error,
) -> ChunkStream<'a, I> {
    let input = async move {
        match crate::gather(input).await? {
            Some(input) => annotate(input, &error).map(Some),
            None => Ok(None),
        }
    };
    stream::once(input).filter_map(|input| future::ready(input.transpose())).boxed()
}
