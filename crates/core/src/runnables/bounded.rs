//! Joining many futures with limited concurrency.

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::Result;

/// Returns the results in order, with at most `limit` futures in flight. The first error drops the others.
pub(super) async fn join_bounded<T, F>(
    futures: impl Iterator<Item = F>,
    limit: Option<usize>,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let limit = limit.unwrap_or(usize::MAX).max(1);
    let mut waiting = futures.enumerate();
    let mut running = FuturesUnordered::new();
    let mut results = Vec::new();
    loop {
        while running.len() < limit
            && let Some((index, future)) = waiting.next()
        {
            running.push(async move { (index, future.await) });
        }
        match running.next().await {
            Some((index, result)) => results.push((index, result?)),
            None => break,
        }
    }
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}
