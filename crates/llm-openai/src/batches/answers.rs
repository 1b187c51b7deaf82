//! The answers of a batch, put together from its files.

use std::pin::pin;

use catena_core::{AiMessage, Error, ErrorKind, Result};
use catena_http::service::{Origin, bounded};
use futures_util::{Stream, StreamExt};

use super::job::number;
use super::request::MAX_SHOWN;
use super::{Batch, BatchResult, BatchStatus, is_unreadable};
use crate::chat_api::ChatApi;

/// The results in the order of the requests, each once. Of several for the same request the first counts.
pub(super) struct Answers {
    api: ChatApi,
    slots: Vec<Option<Result<AiMessage>>>,
    /// How many slots are empty.
    empty: usize,
    /// Why a line or a file could not be read. It may be what a request without a result is missing.
    unread: Option<Error>,
}

impl Answers {
    /// As many answers of this API, none of them known.
    pub(super) fn new(requests: usize, api: ChatApi) -> Self {
        Self { api, slots: (0..requests).map(|_| None).collect(), empty: requests, unread: None }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.empty == 0
    }

    /// Takes the results in a file, until no answer is missing.
    ///
    /// # Errors
    /// That of the file, or of its lines if there is none that can be read.
    pub(super) async fn take(&mut self, results: impl Stream<Item = Result<BatchResult>>) -> Result<()> {
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
        let slot = number(&result.custom_id).and_then(|number| self.slots.get_mut(number));
        if let Some(slot @ None) = slot {
            *slot = Some(read(self.api, result));
            self.empty -= 1;
        }
    }

    /// Keeps why a file could not be read.
    pub(super) fn note(&mut self, read: Result<()>) {
        self.unread = read.err().or(self.unread.take());
    }

    /// The answers, and errors where there are none.
    ///
    /// # Errors
    /// `Incomplete` if there are no answers at all, although the batch was not stopped: then they are somewhere.
    pub(super) fn finish(self, batch: &Batch) -> Result<Vec<Result<AiMessage>>> {
        let stopped = matches!(batch.status, BatchStatus::Expired | BatchStatus::Cancelled);
        if !stopped && !self.is_complete() && self.empty == self.slots.len() {
            return Err(incomplete(batch, "its files have no result", self.unread.as_ref()));
        }
        let missing = || Err(missing(batch, self.unread.as_ref()));
        Ok(self.slots.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect())
    }
}

/// A look at a batch, which fails if its answers must be somewhere, and the file with them is not named yet.
///
/// # Errors
/// `Incomplete`, retryable.
pub(super) fn with_files(batch: Batch) -> Result<Batch> {
    let only_errors = batch.error_file_id.is_some() && batch.request_counts.completed == 0;
    if batch.status != BatchStatus::Completed || batch.output_file_id.is_some() || only_errors {
        return Ok(batch);
    }
    Err(incomplete(&batch, "it names no file with answers", None).with_retryable(true))
}

/// The answer that a result is.
fn read(api: ChatApi, result: BatchResult) -> Result<AiMessage> {
    let answer = result.outcome?;
    let origin = Origin { request_id: answer.request_id, ..Origin::default() };
    api.decode(answer.body.to_string().as_bytes(), &origin, false)
}

/// The error of a batch that has ended, without any result.
fn incomplete(batch: &Batch, what: &str, unread: Option<&Error>) -> Error {
    let counts = &batch.request_counts;
    let why = unread.map(|unread| format!(" ({unread})")).unwrap_or_default();
    let message = format!(
        "the batch {} has ended, and {what}{why}; it counts {} requests that were answered and {} that failed",
        bounded(&batch.id, MAX_SHOWN),
        counts.completed,
        counts.failed
    );
    because(Error::new(ErrorKind::Incomplete, message), unread)
}

/// The error of a request without a result.
fn missing(batch: &Batch, unread: Option<&Error>) -> Error {
    let (kind, why) = match batch.status {
        BatchStatus::Expired => (ErrorKind::Timeout, "its time ran out before"),
        BatchStatus::Cancelled => (ErrorKind::Cancelled, "it was stopped before"),
        _ => (ErrorKind::Incomplete, "it has no result for this prompt"),
    };
    let error = Error::new(kind, format!("the batch {} did not answer this prompt: {why}", batch.id));
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
        let body = json!({"choices": [{"message": {"role": "assistant", "content": text}}]});
        let answer = super::super::BatchAnswer { status: 200, request_id: None, body };
        Ok(BatchResult { custom_id: custom_id.to_owned(), outcome: Ok(answer) })
    }

    fn joined(results: Vec<Result<BatchResult>>, status: &str) -> Result<Vec<Result<String, ErrorKind>>> {
        let mut answers = Answers::new(3, ChatApi::Completions);
        block_on(answers.take(stream::iter(results)))?;
        let answers = answers.finish(&batch(status))?;
        let text = |answer: Result<AiMessage>| answer.map(String::from).map_err(|error| error.kind());
        Ok(answers.into_iter().map(text).collect())
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
        let expected = vec![Ok("a".to_owned()), Err(ErrorKind::BadRequest), Ok("c".to_owned())];
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
            let expected = vec![Err(kind), Ok("b".to_owned()), Err(kind)];
            assert_eq!(joined(vec![broken, result("request-1", "b")], status).expect("results"), expected);
        }
        let lost = Err(Error::new(ErrorKind::Connection, "gone"));
        assert!(
            joined(vec![result("request-1", "b"), lost], "completed").is_err(),
            "half a file is no result"
        );
    }
}
