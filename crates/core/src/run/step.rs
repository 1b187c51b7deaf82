//! Calling a step within a run: opening and ending its run, and adding its position to errors.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};

use futures_util::{StreamExt, stream};

use super::owning_stream::owning_stream;
use super::scope::Scope;
use super::{deferred, limit_future, limit_stream, map_error};
use crate::chunk::merge_option;
use crate::runnable::Shape;
use crate::{Chunk, ChunkStream, Context, Error, Result, RunKind, Runnable, Segment, gather};

/// The position of a step in its caller: a segment of an error's path and a tag of the step's run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// Called without a position: from a function, or as the root.
    Plain,
    /// The element of a mapped list, from 0.
    Each(usize),
    /// The branch of a parallel step.
    Key(&'a str),
    /// The attempt of a retried step, from 1.
    Attempt(usize),
    /// The fallback, from 0; the primary is 0.
    Fallback(usize),
    /// The condition of a branch, from 0.
    Condition(usize),
    /// The arm of a branch, from 0.
    Arm(usize),
    /// The default arm, taken when no condition holds.
    DefaultArm(usize),
}

impl Place<'_> {
    fn tag(self) -> Option<String> {
        match self {
            Self::Plain | Self::Each(_) | Self::Fallback(_) | Self::Attempt(..=1) => None,
            Self::Key(key) => Some(format!("map:key:{key}")),
            Self::Attempt(attempt) => Some(format!("retry:attempt:{attempt}")),
            Self::Condition(index) => Some(format!("condition:{}", index + 1)),
            Self::Arm(index) => Some(format!("branch:{}", index + 1)),
            Self::DefaultArm(_) => Some("branch:default".to_owned()),
        }
    }

    fn segment(self) -> Option<Segment> {
        match self {
            Self::Plain => None,
            Self::Each(index) => Some(Segment::Each(index)),
            Self::Key(key) => Some(Segment::Key(key.to_owned().into())),
            Self::Attempt(attempt) => Some(Segment::Retry(attempt)),
            Self::Fallback(index) => Some(Segment::Fallback(index)),
            Self::Condition(index) => Some(Segment::Condition(index)),
            Self::Arm(index) | Self::DefaultArm(index) => Some(Segment::Branch(index)),
        }
    }

    /// Returns the context of a step at this position. Bound arguments also apply to retries and fallbacks.
    fn context(self, cx: &Context) -> Cow<'_, Context> {
        match self {
            Self::Attempt(_) | Self::Fallback(_) => cx.without_run(),
            _ => cx.without_next(),
        }
    }

    fn locate<R: Runnable + ?Sized>(self, error: Error, step: &R) -> Error {
        let error = named(error, step);
        match self.segment() {
            Some(segment) => error.at(segment),
            None => error,
        }
    }
}

/// Calls a step in a new run.
pub(crate) async fn call<R>(step: &R, input: R::Input, cx: &Context, place: Place<'_>) -> Result<R::Output>
where
    R: Runnable + ?Sized,
{
    let cx = place.context(cx);
    let cx = if cx.is_observed() { Cow::Owned(cx.tagged(place.tag()).into_owned()) } else { cx };
    call_here(step, input, &cx).await.map_err(|error| place.locate(error, step))
}

/// Calls a step in a new run, which takes the state that the context holds for the next run.
pub(crate) async fn call_here<R>(step: &R, input: R::Input, cx: &Context) -> Result<R::Output>
where
    R: Runnable + ?Sized,
{
    if !cx.is_observed() || step.shape() == Shape::Wrapper {
        return step.call(input, cx).await;
    }
    // Boxed, because it is much larger than an unobserved call.
    Box::pin(call_observed(step, input, cx)).await
}

async fn call_observed<R>(step: &R, input: R::Input, cx: &Context) -> Result<R::Output>
where
    R: Runnable + ?Sized,
{
    let Some((cx, scope)) = cx.open(step, Some(&input)) else { return step.call(input, cx).await };
    let kept = input.clone();
    // The limits of a run are enforced at its root, inside the run, so that the run's last event reflects the limit
    // reached.
    let call = watched(step.call(input, &cx), &cx);
    let result = if cx.is_root() { limit_future(call, &cx).await } else { call.await };
    scope.finish(Some(&kept), &result);
    result
}

/// Calls a step of a sequence. The state that the context holds for the next run goes to the first step.
///
/// Not an `async fn`: without observers, the step's own future is returned as it is.
pub(crate) fn call_in_sequence<'a, R>(
    step: &'a R,
    input: R::Input,
    cx: &'a Context,
) -> Pin<Box<dyn Future<Output = Result<R::Output>> + Send + 'a>>
where
    R: Runnable + ?Sized,
{
    let is_sequence = matches!(step.shape(), Shape::Sequence(_));
    if is_sequence || !cx.is_observed() {
        return step.call(input, cx);
    }
    Box::pin(async move { call_here(step, input, &cx.tagged(sequence_tag(cx))).await })
}

/// Runs the call with each poll inside the observers' `around_poll`.
async fn watched<T>(call: impl Future<Output = T>, cx: &Context) -> T {
    let mut call = std::pin::pin!(call);
    std::future::poll_fn(|task| cx.poll_watched(|| call.as_mut().poll(task))).await
}

/// Streams through a step of a sequence.
pub(crate) fn transform_in_sequence<'a, R>(
    step: &'a R,
    input: ChunkStream<'a, R::Input>,
    cx: Context,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    match step.shape() {
        Shape::Sequence(_) => step.transform(input, cx),
        _ if cx.is_observed() => transform_here(step, input, cx.tagged(sequence_tag(&cx)).into_owned()),
        _ => step.transform(input, cx),
    }
}

fn sequence_tag(cx: &Context) -> Option<String> {
    Some(format!("seq:step:{}", cx.steps_before() + 1))
}

/// Calls a root step, within the limits of its run.
pub(crate) async fn call_root<R>(step: &R, input: R::Input, cx: &Context) -> Result<R::Output>
where
    R: Runnable + ?Sized,
{
    let call = call_here(step, input, cx);
    let result = if cx.is_observed() { call.await } else { limit_future(call, cx).await };
    result.map_err(|error| named(error, step))
}

/// Streams through a root step, within the limits of its run.
pub(crate) fn transform_root<'a, R>(
    step: &'a R,
    input: ChunkStream<'a, R::Input>,
    cx: Context,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    let chunks = if cx.is_observed() {
        transform_here(step, input, cx)
    } else {
        let limited = cx.clone();
        limit_stream(step.transform(input, cx), &limited)
    };
    Box::pin(until_error(map_error(chunks, move |error| named(error, step))))
}

/// Like [`transform_root`], for a step that moves into its stream.
pub(crate) fn transform_root_owned<R>(
    step: R,
    input: ChunkStream<'static, R::Input>,
    cx: Context,
) -> ChunkStream<'static, R::Output>
where
    R: Runnable + 'static,
{
    owning_stream(move |slot| async move {
        slot.put_all(transform_root(&step, input, cx)).await;
    })
}

/// Streams through a step in a new run.
pub(crate) fn transform<'a, R>(
    step: &'a R,
    input: ChunkStream<'a, R::Input>,
    cx: &Context,
    place: Place<'a>,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    let cx = place.context(cx);
    let cx = if cx.is_observed() { cx.tagged(place.tag()).into_owned() } else { cx.into_owned() };
    let output = transform_here(step, input, cx);
    map_error(output, move |error| place.locate(error, step))
}

/// Streams through a step in a new run, which takes the state that the context holds for the next run.
pub(crate) fn transform_here<'a, R>(
    step: &'a R,
    input: ChunkStream<'a, R::Input>,
    cx: Context,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    if !cx.is_observed() || step.shape() == Shape::Wrapper {
        return step.transform(input, cx);
    }
    // Prompts, models and tools need their complete input: their run starts when it has arrived.
    let whole = matches!(step.kind(), RunKind::Prompt | RunKind::ChatModel | RunKind::Llm | RunKind::Tool);
    let opened = async move {
        if whole {
            match gather(input).await {
                Ok(Some(input)) => Observed::open(step, Some(input), cx),
                Ok(None) => None,
                Err(error) => Some(Observed::failed(step, error, cx)),
            }
        } else {
            Observed::open_streaming(step, input, cx).await
        }
    };
    let chunks = stream::once(opened).filter_map(std::future::ready).flat_map(Observed::into_stream);
    Box::pin(chunks)
}

/// Like [`transform_here`], for a step that exists for this stream alone.
pub(crate) fn transform_owned<'a, R>(
    step: R,
    input: ChunkStream<'a, R::Input>,
    cx: Context,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + 'a,
{
    owning_stream(move |slot| async move {
        slot.put_all(transform_here(&step, input, cx)).await;
    })
}

/// Gathers the input and calls the step once: the default way to stream.
pub(crate) fn gather_and_call<'a, R>(
    step: &'a R,
    input: ChunkStream<'a, R::Input>,
    cx: Context,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    let output = async move {
        match gather(input).await? {
            Some(input) => step.call(input, &cx).await.map(Some),
            None => Ok(None),
        }
    };
    Box::pin(stream::once(output).filter_map(|output| std::future::ready(output.transpose())))
}

/// Returns a stream that is created when first polled, for streams created by application code.
pub(crate) fn lazily<'a, T: Send + 'a>(
    make: impl FnOnce() -> ChunkStream<'a, T> + Send + 'a,
) -> ChunkStream<'a, T> {
    deferred(async move { Ok(make()) })
}

/// Returns a stream of one complete input.
pub(crate) fn whole<'a, I: Chunk>(input: I) -> ChunkStream<'a, I> {
    Box::pin(stream::iter([Ok(input)]))
}

/// Returns the stream up to and including its first error.
pub(crate) fn until_error<'a, T: Send + 'a>(
    chunks: impl futures_core::Stream<Item = Result<T>> + Send + 'a,
) -> impl futures_core::Stream<Item = Result<T>> + Send + 'a {
    let mut chunks = Some(Box::pin(chunks));
    stream::poll_fn(move |task| {
        let Some(open) = &mut chunks else { return Poll::Ready(None) };
        let next = open.as_mut().poll_next(task);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            chunks = None;
        }
        next
    })
}

fn transform_limited<'a, R>(
    step: &'a R,
    input: ChunkStream<'a, R::Input>,
    cx: Context,
) -> ChunkStream<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    if !cx.is_root() {
        return step.transform(input, cx);
    }
    let limited = cx.clone();
    limit_stream(step.transform(input, cx), &limited)
}

/// A stream in an open run.
struct Observed<'a, I: Chunk, O: Chunk> {
    /// `None` once it has ended. Declared before the scope, so that it is dropped before the run ends.
    chunks: Option<ChunkStream<'a, O>>,
    input: Arc<Mutex<Option<I>>>,
    scope: Option<Scope<O>>,
    /// Whether each chunk is reported as an event; a prompt's output is not reported as a stream.
    report_chunks: bool,
}

impl<'a, I: Chunk, O: Chunk> Observed<'a, I, O> {
    fn open<R>(step: &'a R, input: Option<I>, cx: Context) -> Option<Self>
    where
        R: Runnable<Input = I, Output = O> + ?Sized,
    {
        let (cx, scope) = cx.open(step, input.as_ref())?;
        let chunks = transform_limited(step, Box::pin(stream::iter(input.clone().map(Ok))), cx);
        let report_chunks = step.kind() != RunKind::Prompt;
        let input = Arc::new(Mutex::new(input));
        Some(Self { chunks: Some(chunks), input, scope: Some(scope), report_chunks })
    }

    /// Opens the run when the first chunk of input arrives, so that it starts after the run that produces it.
    async fn open_streaming<R>(step: &'a R, mut input: ChunkStream<'a, I>, cx: Context) -> Option<Self>
    where
        R: Runnable<Input = I, Output = O> + ?Sized,
    {
        let first = input.next().await;
        let first = match first {
            Some(Err(error)) => return Some(Self::failed(step, error, cx)),
            first => first,
        };
        let (cx, scope) = cx.open(step, None::<&I>)?;
        let seen = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&seen);
        let input = stream::iter(first).chain(input).inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                merge_option(&mut keep.lock().unwrap_or_else(PoisonError::into_inner), chunk.clone());
            }
        });
        let chunks = transform_limited(step, Box::pin(input), cx);
        Some(Self { chunks: Some(chunks), input: seen, scope: Some(scope), report_chunks: true })
    }

    /// Creates a stream for an input that has failed. No run is opened, but the step still sees the failed input, as it
    /// would without observers.
    fn failed<R>(step: &'a R, error: Error, cx: Context) -> Self
    where
        R: Runnable<Input = I, Output = O> + ?Sized,
    {
        let chunks = step.transform(Box::pin(stream::iter([Err(error)])), cx);
        Self { chunks: Some(chunks), input: Arc::default(), scope: None, report_chunks: false }
    }

    fn into_stream(mut self) -> ChunkStream<'a, O> {
        Box::pin(stream::poll_fn(move |task| self.poll_next(task)))
    }

    fn poll_next(&mut self, task: &mut std::task::Context<'_>) -> Poll<Option<Result<O>>> {
        let Some(chunks) = &mut self.chunks else { return Poll::Ready(None) };
        let next = ready!(match &self.scope {
            Some(scope) => scope.poll(|| chunks.as_mut().poll_next(task)),
            None => chunks.as_mut().poll_next(task),
        });
        if let (Some(Ok(chunk)), Some(scope)) = (&next, &mut self.scope) {
            scope.chunk(chunk, self.report_chunks);
        }
        if !matches!(next, Some(Ok(_))) {
            self.chunks = None;
            self.end(next.as_ref().and_then(|last| last.as_ref().err()));
        }
        Poll::Ready(next)
    }

    fn end(&mut self, error: Option<&Error>) {
        let Some(mut scope) = self.scope.take() else { return };
        match error {
            Some(error) => scope.error(error),
            None => scope.complete(self.input.lock().unwrap_or_else(PoisonError::into_inner).as_ref()),
        }
    }
}

/// Adds the position of a sequence's step to an error, and the step's name where the error originates.
pub(crate) fn locate<R: Runnable + ?Sized>(mut error: Error, step: &R, offset: usize) -> Error {
    if error.is_passing() {
        return error;
    }
    if let Shape::Sequence(_) = step.shape() {
        // The step is itself a sequence and has numbered its own steps: offset their numbers.
        if let Some(Segment::Seq(index)) = error.path_mut().outermost_mut() {
            *index += offset;
            return error;
        }
    }
    named(error, step).at(Segment::Seq(offset))
}

/// Adds the step's name to an error that has no path yet.
pub(crate) fn named<R: Runnable + ?Sized>(error: Error, step: &R) -> Error {
    if error.path().is_empty() { error.at(Segment::Name(step.name().into_owned().into())) } else { error }
}
