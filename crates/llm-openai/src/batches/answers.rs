//! The answers of a batch, collected from its files.

use std::pin::pin;
use std::time::Duration;

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::bounded;
use futures_util::{Stream, StreamExt};

use super::request::MAX_SHOWN;
use super::{Batch, BatchResult, BatchStatus, BatchWait, Batches, is_unreadable};

/// The results in the order of the requests, one per request. Of several for the same request, the first counts.
pub(super) struct Answers<T, P, R> {
    /// Maps an id to the index of its request.
    place: P,
    /// Converts a result.
    read: R,
    slots: Vec<Option<Result<T>>>,
    /// The number of empty slots.
    empty: usize,
    /// Why a line or a file could not be read. It may contain the result of any request that ends up without one.
    unread: Option<Error>,
}

impl<T, P, R> Answers<T, P, R>
where
    P: Fn(&str) -> Option<usize>,
    R: Fn(BatchResult) -> Result<T>,
{
    /// Creates as many empty slots as there are requests.
    pub(super) fn new(requests: usize, place: P, read: R) -> Self {
        Self { place, read, slots: (0..requests).map(|_| None).collect(), empty: requests, unread: None }
    }

    /// Reads the files of a batch that has ended, as far as needed, and returns an answer or an error per request.
    ///
    /// # Errors
    /// Those of the output file that are not about the file itself, such as broken connections, if they persist.
    /// `Incomplete` if there is no answer at all although the batch neither expired nor was cancelled.
    pub(super) async fn fetch(
        mut self,
        batches: &Batches,
        batch: &Batch,
        wait: &BatchWait,
    ) -> Result<Vec<Result<T>>> {
        if let Some(file) = &batch.output_file_id {
            match self.take_file(batches, file, wait).await {
                // The rest of the file may be readable at another time.
                Err(error) if !is_final(&error) => return Err(error),
                taken => self.note(taken),
            }
        }
        // Some gateways name an error file that does not exist: it is not read unless an answer is missing.
        if let Some(file) = &batch.error_file_id
            && !self.is_complete()
        {
            let taken = self.take_file(batches, file, wait).await;
            self.note(taken);
        }
        self.finish(batch)
    }

    /// Takes the results in a file, from its beginning again if the download breaks off.
    async fn take_file(&mut self, batches: &Batches, id: &str, wait: &BatchWait) -> Result<()> {
        let mut looks = wait.looks();
        while looks.seen(self.take(batches.results_in(id.to_owned())).await)?.is_none() {
            looks.pause(Duration::MAX).await;
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.empty == 0
    }

    /// Takes results until no answer is missing.
    ///
    /// # Errors
    /// That of the file, or that of its last line if no line is readable.
    async fn take(&mut self, results: impl Stream<Item = Result<BatchResult>>) -> Result<()> {
        let mut results = pin!(results);
        let (mut any, mut unread) = (false, None);
        while !self.is_complete()
            && let Some(result) = results.next().await
        {
            match result {
                Ok(result) => {
                    any = true;
                    self.put(result);
                }
                Err(error) if is_unreadable(&error) => unread = Some(error),
                Err(error) => return Err(error),
            }
        }
        match unread {
            Some(error) if !any => Err(error),
            unread => {
                self.unread = unread.or(self.unread.take());
                Ok(())
            }
        }
    }

    fn put(&mut self, result: BatchResult) {
        let slot = (self.place)(&result.custom_id).and_then(|number| self.slots.get_mut(number));
        if let Some(slot @ None) = slot {
            *slot = Some((self.read)(result));
            self.empty -= 1;
        }
    }

    /// Keeps the reason why a file could not be read.
    fn note(&mut self, taken: Result<()>) {
        self.unread = taken.err().or(self.unread.take());
    }

    fn finish(self, batch: &Batch) -> Result<Vec<Result<T>>> {
        let stopped = matches!(batch.status, BatchStatus::Expired | BatchStatus::Cancelled);
        if !stopped && !self.is_complete() && self.empty == self.slots.len() {
            return Err(incomplete(batch, "its files have no result", self.unread.as_ref()));
        }
        let missing = || Err(missing(batch, self.unread.as_ref()));
        Ok(self.slots.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect())
    }
}

/// Returns the batch, unless it has answers and does not name the file with them yet.
///
/// # Errors
/// `Incomplete`, retryable.
pub(super) fn named(batch: Batch) -> Result<Batch> {
    let only_errors = batch.error_file_id.is_some() && batch.request_counts.completed == 0;
    if batch.status != BatchStatus::Completed || batch.output_file_id.is_some() || only_errors {
        return Ok(batch);
    }
    Err(incomplete(&batch, "it names no file with answers", None).with_retryable(true))
}

/// Returns true if a file does not exist or is not a file of results, so that another attempt will not help.
fn is_final(error: &Error) -> bool {
    let of_file = matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::BadRequest
            | ErrorKind::PermissionDenied
            | ErrorKind::HttpStatus
            | ErrorKind::TooLarge
    );
    !error.is_retryable() && (of_file || is_unreadable(error))
}

/// Returns the error of a batch without any result.
fn incomplete(batch: &Batch, what: &str, unread: Option<&Error>) -> Error {
    let counts = &batch.request_counts;
    let why = unread.map(|unread| format!(" ({unread})")).unwrap_or_default();
    let message = format!(
        "the batch {} has no answer to give: {what}{why}; it counts {} requests that were answered and {} that failed",
        bounded(&batch.id, MAX_SHOWN),
        counts.completed,
        counts.failed
    );
    because(Error::new(ErrorKind::Incomplete, message), unread)
}

/// Returns the error of a request without a result.
fn missing(batch: &Batch, unread: Option<&Error>) -> Error {
    let (kind, why) = match batch.status {
        BatchStatus::Expired => (ErrorKind::Timeout, "its time ran out before"),
        BatchStatus::Cancelled => (ErrorKind::Cancelled, "it was stopped before"),
        _ => (ErrorKind::Incomplete, "it has no result for this request"),
    };
    let id = bounded(&batch.id, MAX_SHOWN);
    let error = Error::new(kind, format!("the batch {id} did not answer this request: {why}"));
    because(error, unread).with_retryable(kind != ErrorKind::Cancelled)
}

fn because(error: Error, unread: Option<&Error>) -> Error {
    match unread {
        Some(unread) => error.with_source(unread.clone()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;
    use futures_util::stream;
    use serde_json::json;

    fn batch(status: &str) -> Batch {
        serde_json::from_value(json!({"id": "batch_1", "status": status})).expect("a batch")
    }

    fn result(custom_id: &str, text: &str) -> Result<BatchResult> {
        let answer = super::super::BatchAnswer { status: 200, request_id: None, body: text.into() };
        Ok(BatchResult { custom_id: custom_id.to_owned(), outcome: Ok(answer) })
    }

    fn joined(results: Vec<Result<BatchResult>>, status: &str) -> Result<Vec<Result<String, ErrorKind>>> {
        let place = |id: &str| id.strip_prefix("request-")?.parse().ok();
        let text = |result: BatchResult| result.outcome.map(|answer| answer.body.to_string());
        let mut answers = Answers::new(3, place, text);
        block_on(answers.take(stream::iter(results)))?;
        let answers = answers.finish(&batch(status))?;
        Ok(answers.into_iter().map(|answer| answer.map_err(|error| error.kind())).collect())
    }

    #[test]
    fn every_prompt_has_one_result_in_its_place() {
        let results = vec![
            result("request-2", "c"),
            result("request-0", "a"),
            result("request-0", "twice"),
            result("request-7", "nobody's"),
            result("other", "nobody's"),
            Ok(BatchResult {
                custom_id: "request-1".into(),
                outcome: Err(Error::new(ErrorKind::BadRequest, "no")),
            }),
        ];
        let expected = vec![Ok("\"a\"".to_owned()), Err(ErrorKind::BadRequest), Ok("\"c\"".to_owned())];
        assert_eq!(joined(results, "completed").expect("results"), expected);
    }

    #[test]
    fn what_was_not_done_is_an_error_that_says_why() {
        for (status, kind) in [
            ("expired", ErrorKind::Timeout),
            ("cancelled", ErrorKind::Cancelled),
            ("completed", ErrorKind::Incomplete),
        ] {
            let broken = Err(Error::new(ErrorKind::Decode, "half a line"));
            let expected = vec![Err(kind), Ok("\"b\"".to_owned()), Err(kind)];
            assert_eq!(joined(vec![broken, result("request-1", "b")], status).expect("results"), expected);
        }
        let lost = Err(Error::new(ErrorKind::Connection, "gone"));
        assert!(
            joined(vec![result("request-1", "b"), lost], "completed").is_err(),
            "half a file is no result"
        );
    }
}
