//! Batches of prompts for chat models.

use catena_core::{AiMessage, Error, PromptValue, Result};
use catena_http::service::bounded;
use serde::{Deserialize, Serialize};

use super::answers::{Answers, named};
use super::file::BatchFile;
use super::request::MAX_SHOWN;
use super::{Batch, BatchResult, BatchStatus, BatchWait, Batches, failed, retold};
use crate::chat_api::ChatApi;
use crate::chat_openai::ChatOpenAi;

/// The maximum number of bytes of a job that an error message shows.
const MAX_JOB: usize = 1000;

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

impl BatchJob {
    /// Returns the error of a batch that was created and whose answers could not be fetched.
    fn unanswered(&self, error: Error) -> Error {
        let job = serde_json::to_string(self).unwrap_or_default();
        let words = format!(
            "the batch {} was begun, and its answers could not be fetched; `OpenAiBatch::answers` can, for the job {}",
            bounded(&self.id, MAX_SHOWN),
            bounded(&job, MAX_JOB)
        );
        retold(error, &words)
    }
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
    /// As for [`submit`](Self::submit) and [`answers`](Self::answers). If a batch was created but its answers could not
    /// be fetched, the message contains its [`BatchJob`] as JSON, for [`answers`](Self::answers), and the error is not
    /// retryable: running the batch again would be paid for again.
    pub async fn run<P: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Result<AiMessage>>> {
        let job = self.submit(prompts).await?;
        // Running it again would be paid for again.
        self.answers(&job).await.map_err(|error| error.with_retryable(false))
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
    /// `Timeout` if the wait exceeds its limit, `BadRequest` if the service rejected the whole batch, `Incomplete` if
    /// the batch completed but none of its answers are available; those of the service. Retryable errors are tolerated,
    /// unless there are [five in a row](BatchWait), and a file whose download breaks off is read again.
    pub async fn answers(&self, job: &BatchJob) -> Result<Vec<Result<AiMessage>>> {
        let batches = self.batches();
        let look = || async { batches.retrieve(&job.id).await.and_then(named) };
        let batch = self.wait.until(&job.id, look).await.map_err(|error| job.unanswered(error))?;
        if batch.status == BatchStatus::Failed {
            return Err(failed(&batch));
        }
        let api =
            if job.endpoint == url(ChatApi::Responses) { ChatApi::Responses } else { ChatApi::Completions };
        let read = |result: BatchResult| result.outcome?.message_of(api);
        let answers = Answers::new(job.requests, number, read);
        answers.fetch(&batches, &batch, &self.wait).await.map_err(|error| job.unanswered(error))
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

    /// The file with all requests.
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

/// The place of the request with this id.
fn number(custom_id: &str) -> Option<usize> {
    custom_id.strip_prefix("request-")?.parse().ok()
}
