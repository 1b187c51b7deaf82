//! Batches of prompts for chat models.

use catena_core::{AiMessage, Error, ErrorKind, PromptValue, Result};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};

use super::file::BatchFile;
use super::{Batch, BatchResult, BatchStatus, BatchWait, Batches, failed};
use crate::chat_api::ChatApi;
use crate::chat_openai::ChatOpenAi;

/// Sends many prompts to a chat model as one batch, at half the price, with answers within a day.
///
/// Uses the model's own settings and connection. Every prompt has exactly one result, in the order of the prompts.
///
/// # Errors
/// Those of the service. A prompt that fails does not affect the others.
///
/// # Cancellation
/// Dropping a call ends the wait, not the batch. Keep the [`BatchJob`] that [`submit`](Self::submit) returns to fetch
/// its [answers](Self::answers) later, also from another process, or to [`cancel`](Self::cancel) it.
///
/// # Example
/// ```
/// use catena_llm_openai::{ChatOpenAi, OpenAiBatch};
/// # use catena_testkit::{Reply, Server};
/// # use serde_json::json;
/// # let server = Server::start(|request| match (request.method(), request.path()) {
/// #     ("POST", "/v1/files") => Reply::json(200, json!({"id": "file-in"})),
/// #     ("GET", path) if path.ends_with("/content") => Reply::text(200, [("request-1", "Rome"), ("request-0", "Paris")].map(|(id, text)|
/// #         json!({"custom_id": id, "response": {"status_code": 200, "body": {"choices": [{"message": {"content": text}}]}}}).to_string()).join("\n")),
/// #     _ => Reply::json(200, json!({"id": "batch_1", "status": "completed", "output_file_id": "file-out"})),
/// # });
/// # let base_url = format!("{}/v1", server.url());
/// let chat = ChatOpenAi::builder().with_base_url(base_url).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// let answers = OpenAiBatch::new(chat).run(["The capital of France?", "The capital of Italy?"]).await?;
/// assert_eq!(answers[1].as_ref().unwrap().text(), "Rome");
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a batch begins with `run` or `submit`"]
pub struct OpenAiBatch {
    chat: ChatOpenAi,
    wait: BatchWait,
    metadata: Vec<(String, String)>,
}

/// A handle to a submitted batch, with what is needed to fetch its answers. Store it as JSON.
///
/// # Example
/// ```
/// use catena_llm_openai::BatchJob;
/// let kept = r#"{"id": "batch_1", "requests": 2, "endpoint": "/v1/chat/completions"}"#;
/// let job: BatchJob = serde_json::from_str(kept)?;
/// assert_eq!(job.id, "batch_1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BatchJob {
    /// The id of the batch.
    pub id: String,
    /// The number of prompts.
    pub requests: usize,
    /// The endpoint that processes the prompts.
    pub endpoint: String,
}

impl OpenAiBatch {
    /// Creates batches for this model.
    pub fn new(chat: ChatOpenAi) -> Self {
        Self { chat, wait: BatchWait::default(), metadata: Vec::new() }
    }

    /// Sets how long to wait for the answers, and how often to poll.
    pub fn with_wait(mut self, wait: BatchWait) -> Self {
        self.wait = wait;
        self
    }

    /// Adds metadata that the service stores with the batch.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }

    /// Submits a batch, waits for it and returns the answers: one result per prompt, in the order of the prompts.
    ///
    /// # Errors
    /// As for [`submit`](Self::submit) and [`answers`](Self::answers).
    pub async fn run<P: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Result<AiMessage>>> {
        let job = self.submit(prompts).await?;
        self.answers(&job).await
    }

    /// Submits a batch without waiting for it.
    ///
    /// # Errors
    /// `InvalidInput` for no prompts, and for more than 50,000 prompts or 200 MB; those of the service.
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::{ChatOpenAi, OpenAiBatch};
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([
    /// #     Reply::json(200, json!({"id": "file-in"})),
    /// #     Reply::json(200, json!({"id": "batch_1", "status": "validating"})),
    /// # ]);
    /// # let chat = ChatOpenAi::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let job = OpenAiBatch::new(chat).with_metadata("job", "nightly").submit(["Why?", "How?"]).await?;
    /// assert_eq!((job.id.as_str(), job.requests), ("batch_1", 2));
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn submit<P: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = P>,
    ) -> Result<BatchJob> {
        let file = self.file(prompts)?;
        let (requests, endpoint) = (file.requests(), file.endpoint().to_owned());
        let client = self.chat.client();
        let request = self
            .metadata
            .iter()
            .fold(file.upload(&client).await?, |request, (name, value)| request.with_metadata(name, value));
        let batch = client.batches().create(&request).await?;
        Ok(BatchJob { id: batch.id, requests, endpoint })
    }

    /// Waits for a batch and returns its answers: one result per prompt, in the order of the prompts.
    ///
    /// A prompt that was not processed has an error: `Timeout` if the batch expired, `Cancelled` if it was cancelled.
    ///
    /// # Errors
    /// `Timeout` if the wait exceeds its limit, `BadRequest` if the service rejected the whole batch; those of the
    /// service.
    pub async fn answers(&self, job: &BatchJob) -> Result<Vec<Result<AiMessage>>> {
        let batches = self.batches();
        let batch = batches.wait(&job.id, &self.wait).await?;
        if batch.status == BatchStatus::Failed {
            return Err(failed(&batch));
        }
        let api =
            if job.endpoint == url(ChatApi::Responses) { ChatApi::Responses } else { ChatApi::Completions };
        let read = |result: BatchResult| result.outcome?.message_of(api);
        join(batches.results(&batch), job.requests, &batch, number, read).await
    }

    /// Cancels a batch. Prompts answered by then keep their answers.
    ///
    /// # Errors
    /// Those of the service.
    pub async fn cancel(&self, job: &BatchJob) -> Result<Batch> {
        self.batches().cancel(&job.id).await
    }

    fn batches(&self) -> Batches {
        self.chat.client().batches()
    }

    /// Encodes the input file.
    fn file<P: Into<PromptValue>>(&self, prompts: impl IntoIterator<Item = P>) -> Result<BatchFile> {
        let mut file = BatchFile::default();
        for prompt in prompts {
            let request = self.chat.line(prompt.into())?;
            file.add(&custom_id(file.requests()), &url(request.api), &request.body)?;
        }
        file.finish()
    }
}

/// The endpoint's path as batches name it, whatever the base URL.
fn url(api: ChatApi) -> String {
    format!("/v1/{}", api.path())
}

fn custom_id(number: usize) -> String {
    format!("request-{number}")
}

fn number(custom_id: &str) -> Option<usize> {
    custom_id.strip_prefix("request-")?.parse().ok()
}

/// Puts the results in the order of the requests, one per request. Of several for the same request, the first counts.
/// `number` maps a custom id to the index of its request.
pub(super) async fn join<T>(
    results: impl Stream<Item = Result<BatchResult>>,
    requests: usize,
    batch: &Batch,
    number: impl Fn(&str) -> Option<usize>,
    read: impl Fn(BatchResult) -> Result<T>,
) -> Result<Vec<Result<T>>> {
    let mut answers: Vec<Option<Result<T>>> = (0..requests).map(|_| None).collect();
    let mut unread = None;
    let mut results = std::pin::pin!(results);
    while let Some(result) = results.next().await {
        match result {
            Ok(result) => {
                let slot = number(&result.custom_id).and_then(|number| answers.get_mut(number));
                if let Some(slot @ None) = slot {
                    *slot = Some(read(result));
                }
            }
            // An unreadable line may belong to any request that ends up without a result.
            Err(error) if matches!(error.kind(), ErrorKind::Decode | ErrorKind::InvalidResponse) => {
                unread = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|| Err(missing(batch, unread.as_ref()))))
        .collect())
}

/// Returns the error of a request without a result.
fn missing(batch: &Batch, unread: Option<&Error>) -> Error {
    let (kind, why) = match batch.status {
        BatchStatus::Expired => (ErrorKind::Timeout, "its time ran out before"),
        BatchStatus::Cancelled => (ErrorKind::Cancelled, "it was stopped before"),
        _ => (ErrorKind::Incomplete, "it has no result for this request"),
    };
    let error = Error::new(kind, format!("the batch {} did not answer this request: {why}", batch.id));
    match unread {
        Some(unread) => error.with_source(unread.clone()),
        None => error,
    }
    .with_retryable(kind != ErrorKind::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_executor::block_on;
    use futures_util::stream;
    use serde_json::{Value, json};

    fn batch(status: &str) -> Batch {
        serde_json::from_value(json!({"id": "batch_1", "status": status})).expect("a batch")
    }

    fn result(custom_id: &str, text: &str) -> Result<BatchResult> {
        let answer = super::super::BatchAnswer { status: 200, request_id: None, body: Value::from(text) };
        Ok(BatchResult { custom_id: custom_id.to_owned(), outcome: Ok(answer) })
    }

    fn joined(results: Vec<Result<BatchResult>>, status: &str) -> Result<Vec<Result<String, ErrorKind>>> {
        let read = |result: BatchResult| {
            result.outcome.map(|answer| AiMessage::new(answer.body.as_str().unwrap_or_default()))
        };
        let answers = block_on(join(stream::iter(results), 3, &batch(status), number, read))?;
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
