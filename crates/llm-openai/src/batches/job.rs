//! Prompts in batches, for chat models.

use std::time::Duration;

use catena_core::{AiMessage, Error, ErrorKind, PromptValue, Result};
use catena_http::service::bounded;
use serde::{Deserialize, Serialize};

use super::answers::{Answers, with_files};
use super::request::MAX_SHOWN;
use super::{Batch, BatchRequest, BatchStatus, BatchWait, Batches, failed, retold};
use crate::chat_api::ChatApi;
use crate::chat_openai::ChatOpenAi;
use crate::codec::batch_lines::encode_line;
use crate::files::FileUpload;

/// The most requests and bytes of a file.
const MAX_REQUESTS: usize = 50_000;
const MAX_FILE: usize = 200_000_000;

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
    /// be fetched, the text has its [`BatchJob`] as JSON, for which [`answers`](Self::answers) fetches them, and the error
    /// is not retryable: to run it again would be to pay twice.
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
        let (file, requests, api) = self.file(prompts)?;
        let client = self.chat.client();
        let upload = FileUpload::new("batch.jsonl", "batch", file).with_content_type("application/jsonl");
        let file = client.files().upload(upload).await?;
        let endpoint = url(api);
        let request =
            self.metadata.iter().fold(BatchRequest::new(file.id, &endpoint), |request, (name, value)| {
                request.with_metadata(name, value)
            });
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
        let look = || async { batches.retrieve(&job.id).await.and_then(with_files) };
        let batch = self.wait.until(&job.id, look).await.map_err(|error| job.unanswered(error))?;
        if batch.status == BatchStatus::Failed {
            return Err(failed(&batch));
        }
        self.read(&batches, &batch, job).await.map_err(|error| job.unanswered(error))
    }

    /// The answers of a batch that has ended, from as many of its files as it takes.
    async fn read(&self, batches: &Batches, batch: &Batch, job: &BatchJob) -> Result<Vec<Result<AiMessage>>> {
        let api =
            if job.endpoint == url(ChatApi::Responses) { ChatApi::Responses } else { ChatApi::Completions };
        let mut answers = Answers::new(job.requests, api);
        if let Some(file) = &batch.output_file_id {
            match self.read_file(batches, file, &mut answers).await {
                // Half a file is no result, and may be whole another time.
                Err(error) if error.is_retryable() => return Err(error),
                read => answers.note(read),
            }
        }
        // Some gateways name a file of errors that is none: it is left alone where no answer is missing.
        if let Some(file) = &batch.error_file_id
            && !answers.is_complete()
        {
            let read = self.read_file(batches, file, &mut answers).await;
            answers.note(read);
        }
        answers.finish(batch)
    }

    /// Reads a file, again and from its beginning if it breaks off.
    async fn read_file(&self, batches: &Batches, id: &str, answers: &mut Answers) -> Result<()> {
        let mut looks = self.wait.looks();
        while looks.seen(answers.take(batches.results_in(id.to_owned())).await)?.is_none() {
            looks.pause(Duration::MAX).await;
        }
        Ok(())
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

    /// The file with all requests, how many they are, and where they go: to one place.
    fn file<P: Into<PromptValue>>(
        &self,
        prompts: impl IntoIterator<Item = P>,
    ) -> Result<(Vec<u8>, usize, ChatApi)> {
        let input = |message: String| Err(Error::new(ErrorKind::InvalidInput, message));
        let (mut file, mut requests, mut api) = (Vec::new(), 0, None);
        for prompt in prompts {
            let request = self.chat.line(prompt.into())?;
            api = Some(request.api);
            encode_line(&custom_id(requests), &url(request.api), &request.body, &mut file)?;
            requests += 1;
            if requests > MAX_REQUESTS || file.len() > MAX_FILE {
                return input(format!(
                    "a batch has at most {MAX_REQUESTS} requests and {MAX_FILE} bytes: make several of it"
                ));
            }
        }
        match api {
            Some(api) => Ok((file, requests, api)),
            None => input("a batch needs at least one prompt".to_owned()),
        }
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
pub(super) fn number(custom_id: &str) -> Option<usize> {
    custom_id.strip_prefix("request-")?.parse().ok()
}
