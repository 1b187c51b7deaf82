//! Batches: many inputs, run concurrently with an optional limit, each with its own result.

use std::pin::Pin;
use std::task::Poll;

use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream, FuturesUnordered};

use crate::run::step;
use crate::{Context, Result, RunConfig, Runnable};

/// The results of a batch as `(index of the input, result)`, in the order of completion. Dropping the stream cancels
/// the items still in flight.
pub type AsCompleted<'a, T> = Pin<Box<dyn Stream<Item = (usize, Result<T>)> + Send + 'a>>;

/// Runs the inputs with at most `max_concurrency` in flight. The next input starts as soon as one completes, whichever
/// step the others have reached.
pub(crate) fn as_completed<'a, R>(
    runnable: &'a R,
    inputs: Vec<R::Input>,
    config: &RunConfig,
) -> AsCompleted<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    let first = Context::new(config);
    // A configured run id identifies a single run: the first.
    let others = if config.run_id.is_some() { first.without_run_id() } else { first.clone() };
    let bound = config.max_concurrency.unwrap_or(usize::MAX).max(1);
    let mut waiting = inputs.into_iter().enumerate();
    let mut running = FuturesUnordered::new();
    Box::pin(stream::poll_fn(move |task| {
        loop {
            while running.len() < bound
                && let Some((index, input)) = waiting.next()
            {
                let cx = if index == 0 { &first } else { &others }.restarted();
                running.push(async move { (index, step::call_root(runnable, input, &cx).await) });
            }
            return match running.poll_next_unpin(task) {
                Poll::Ready(None) if waiting.len() > 0 => continue,
                next => next,
            };
        }
    }))
}

/// The number of items of a stream in flight unless the config sets it.
const STREAM_CONCURRENCY: usize = 8;

/// Runs the inputs of a stream, pulling the next one only when there is capacity for it.
pub(crate) fn of_stream<'a, R>(
    runnable: &'a R,
    inputs: BoxStream<'a, R::Input>,
    config: &RunConfig,
) -> AsCompleted<'a, R::Output>
where
    R: Runnable + ?Sized,
{
    let first = Context::new(config);
    let others = first.without_run_id();
    let bound = config.max_concurrency.unwrap_or(STREAM_CONCURRENCY).max(1);
    let mut waiting = inputs.enumerate().fuse();
    let mut running = FuturesUnordered::new();
    Box::pin(stream::poll_fn(move |task| {
        let mut exhausted = false;
        while running.len() < bound {
            match waiting.poll_next_unpin(task) {
                Poll::Ready(Some((index, input))) => {
                    let cx = if index == 0 { &first } else { &others }.restarted();
                    running.push(async move { (index, step::call_root(runnable, input, &cx).await) });
                }
                Poll::Ready(None) => {
                    exhausted = true;
                    break;
                }
                Poll::Pending => break,
            }
        }
        match running.poll_next_unpin(task) {
            Poll::Ready(None) if !exhausted => Poll::Pending,
            next => next,
        }
    }))
}

/// Collects all outputs in the order of the inputs; the first error drops the items still in flight.
pub(crate) async fn all_or_first_error<T>(mut completed: AsCompleted<'_, T>) -> Result<Vec<T>> {
    let mut outputs = Vec::new();
    while let Some((index, result)) = completed.next().await {
        outputs.push((index, result?));
    }
    outputs.sort_unstable_by_key(|(index, _)| *index);
    Ok(outputs.into_iter().map(|(_, output)| output).collect())
}

/// Collects the results in the order of the inputs.
pub(crate) async fn ordered<T>(completed: AsCompleted<'_, T>) -> Vec<Result<T>> {
    let mut results: Vec<(usize, Result<T>)> = completed.collect().await;
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
