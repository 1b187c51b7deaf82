//! Prompts in batches, for chat models.

use catena_core::{AiMessage, Error, PromptValue, Result};
use catena_http::service::bounded;
use serde::{Deserialize, Serialize};

use super::answers::{Answers, named};
use super::file::BatchFile;
use super::request::MAX_SHOWN;
use super::{Batch, BatchResult, BatchStatus, BatchWait, Batches, failed, retold};
use crate::chat_api::ChatApi;
use crate::chat_openai::ChatOpenAi;

/// The most that errors show of a job, in bytes.
const MAX_JOB: usize = 1000;

/// Asks a chat model many things at once, for half the price, with answers within a day.
///
/// The model's own settings and connection are used. Every prompt has exactly one result, in the order of the prompts.
///
/// # Errors
/// Those of the service. A prompt that fails does not disturb the others.
///
/// # Cancellation
/// Dropping a call ends the wait, and not the batch. Keep the [`BatchJob`] of [`submit`](Self::submit) to come back for
/// its [answers](Self::answers) later, in another process if need be, or to [`cancel`](Self::cancel) it.
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

/// A batch that was begun: what is needed to come back for its answers. Keep it as JSON.
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
    /// How many prompts it has.
    pub requests: usize,
    /// The endpoint that answers them.
    pub endpoint: String,
}

impl BatchJob {
    /// The error of a batch that was begun, and whose answers could not be fetched.
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
    /// Batches for this model.
    pub fn new(chat: ChatOpenAi) -> Self {
        Self { chat, wait: BatchWait::default(), metadata: Vec::new() }
    }

    /// How long to wait for the answers, and how often to look.
    pub fn with_wait(mut self, wait: BatchWait) -> Self {
        self.wait = wait;
        self
    }

    /// A remark that the service keeps with the batch.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }

    /// Asks, waits, and gives the answers: one result for each prompt, in their order.
    ///
    /// # Errors
    /// As for [`submit`](Self::submit) and [`answers`](Self::answers). Where a batch was begun and its answers could not
    /// be fetched, the text has its [`BatchJob`] as JSON, for which [`answers`](Self::answers) fetches them, and the
    /// error is not retryable: to run it again would be to pay twice.
    pub async fn run<P: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Result<AiMessage>>> {
        let job = self.submit(prompts).await?;
        // To run it again would be to pay for it again.
        self.answers(&job).await.map_err(|error| error.with_retryable(false))
    }

    /// Begins a batch and does not wait.
    ///
    /// # Errors
    /// `InvalidInput` for no prompts, for more than 50,000 of them or 200 MB; those of the service.
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

    /// Waits for a batch and gives its answers: one result for each prompt, in their order.
    ///
    /// A prompt that the service did not get to has an error: `Timeout` if the time of the batch ran out, `Cancelled` if
    /// it was stopped.
    ///
    /// # Errors
    /// `Timeout` when the wait takes too long, `BadRequest` if the service refused the whole batch, `Incomplete` if it is
    /// completed and not one of its answers is there; those of the service. Errors that may pass are waited out, up to
    /// [five in a row](BatchWait), and a file that breaks off is read again.
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

    /// Asks the service to stop a batch. What is done by then has its answers.
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

/// The endpoint as batches name it, wherever the service is.
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
