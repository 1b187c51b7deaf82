//! The streaming law, for complete and for chunked inputs.

use std::fmt;

use catena_core::{Chunk, ChunkStream, Error, Result, Runnable, RunnableExt};
use futures_util::StreamExt;

use super::chunks::arriving;
use super::{LawViolation, Laws};

impl Laws {
    /// Checks that folding the chunks of `stream(x)` yields the result of `invoke(x)`, where an empty stream stands for
    /// the empty chunk, that errors agree, and that no item follows an error.
    ///
    /// # Errors
    /// How the law is violated.
    pub async fn streaming<R>(&self, runnable: &R, input: R::Input) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        let shown = format!("{input:?}");
        let called = runnable.invoke_with(input.clone(), &self.config).await;
        let streamed = fold(runnable.stream_with(input, &self.config)).await;
        let streamed = streamed.map_err(|late| after_an_error("streaming", &shown, &late))?;
        self.agree("streaming", shown, &called, streamed)
    }

    /// Checks that folding the output chunks of a chunked input yields the result of a call with the folded input.
    /// Without an input chunk there must be no output chunk.
    ///
    /// # Errors
    /// How the law is violated.
    ///
    /// # Example
    /// ```
    /// use catena_core::StrOutputParser;
    /// use catena_testkit::laws::Laws;
    /// # futures_executor::block_on(async {
    /// Laws::new().chunked(&StrOutputParser, ["to".into(), "ken".into()]).await?;
    /// # Ok::<(), catena_testkit::laws::LawViolation>(()) }).unwrap();
    /// ```
    pub async fn chunked<R>(
        &self,
        runnable: &R,
        chunks: impl IntoIterator<Item = R::Input>,
    ) -> Result<(), LawViolation>
    where
        R: Runnable + ?Sized,
        R::Input: fmt::Debug,
        R::Output: PartialEq + fmt::Debug,
    {
        let chunks: Vec<R::Input> = chunks.into_iter().collect();
        let shown = format!("in chunks {chunks:?}");
        let folded = chunks.iter().cloned().reduce(|mut whole, next| {
            whole.merge(next);
            whole
        });
        let streamed = fold(runnable.transform_with(arriving(chunks), &self.config)).await;
        let streamed = streamed.map_err(|late| after_an_error("chunked", &shown, &late))?;
        match (folded, streamed) {
            (Some(folded), streamed) => {
                let called = runnable.invoke_with(folded, &self.config).await;
                self.agree("chunked", shown, &called, streamed)
            }
            (None, Ok(None)) => Ok(()),
            (None, other) => {
                Err(LawViolation::new("chunked", shown, "an empty stream", format!("{other:?}")))
            }
        }
    }
}

/// Folds all chunks of a stream, or returns its error. If an item follows an error, it is returned as the outer error.
async fn fold<T: Chunk + fmt::Debug>(mut chunks: ChunkStream<'_, T>) -> Result<Result<Option<T>>, String> {
    let mut whole: Option<T> = None;
    while let Some(chunk) = chunks.next().await {
        match (chunk, &mut whole) {
            (Ok(chunk), Some(whole)) => whole.merge(chunk),
            (Ok(chunk), None) => whole = Some(chunk),
            (Err(error), _) => return end(error, chunks).await,
        }
    }
    Ok(Ok(whole))
}

async fn end<T: fmt::Debug>(
    error: Error,
    mut chunks: ChunkStream<'_, T>,
) -> Result<Result<Option<T>>, String> {
    match chunks.next().await {
        None => Ok(Err(error)),
        Some(late) => Err(format!("{late:?}")),
    }
}

fn after_an_error(law: &'static str, input: &str, late: &str) -> LawViolation {
    LawViolation::new(law, input, "nothing after an error", late)
}
