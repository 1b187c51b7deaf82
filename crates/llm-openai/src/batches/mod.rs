//! Requests that a service works off when it has time.

mod batch;
mod file;
mod job;
mod line;
mod results;
mod wait;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use catena_core::{Error, ErrorKind, Result};
use catena_http::service::lenient::is_truthy;
use catena_http::service::{Call, FailedAnswer, Origin, may_be_done, read_mended, segment};
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};

pub use batch::{Batch, BatchCounts, BatchIssue, BatchStatus};
pub use job::{BatchJob, OpenAiBatch};
pub use line::BatchLine;
pub use results::{BatchAnswer, BatchResult};
pub use wait::BatchWait;

use crate::codec::batch_lines::decode_line;
use crate::codec::error::{KEY_VARIABLE, decode_failure};
use crate::openai_client::OpenAiClient;
use crate::page::{ListOptions, Page, all_pages};
use job::join;
use line::file_of;
use results::Lines;

/// How long a service is left alone that did not say for how long.
const PAUSE: Duration = Duration::from_millis(500);

/// A service that asks for more is not waited for: the caller is told instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// `POST /batches`, and what belongs to it. Made by [`OpenAiClient::batches`]. For prompts and messages to
/// a chat model see [`OpenAiBatch`], for requests of any other kind [`BatchLine`].
///
/// # Errors
/// As for every call of an [`OpenAiClient`].
///
/// # Example
/// ```
/// use catena_llm_openai::{BatchRequest, BatchStatus, OpenAiClient};
/// # use catena_testkit::{Reply, Server};
/// # use serde_json::json;
/// # let server = Server::replay([Reply::json(200, json!({"id": "batch_1", "status": "validating"}))]);
/// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// let request = BatchRequest::new("file-1", "/v1/embeddings").with_metadata("job", "nightly");
/// let batch = client.batches().create(&request).await?;
/// assert_eq!(batch.status, BatchStatus::Validating);
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batches {
    client: OpenAiClient,
}

impl Batches {
    pub(crate) fn new(client: OpenAiClient) -> Self {
        Self { client }
    }

    /// Uploads requests as a file, and gives what [`create`](Self::create) begins a batch of them with.
    ///
    /// # Errors
    /// `InvalidInput` for no requests, for more than 50,000 of them or 200 MB, for requests to several endpoints, or with
    /// the same id; those of the service.
    ///
    /// # Example
    /// See [`BatchLine`].
    pub async fn upload(&self, lines: impl IntoIterator<Item = BatchLine>) -> Result<BatchRequest> {
        let file = file_of(lines)?;
        file.upload(&self.client).await
    }

    /// Begins a batch.
    ///
    /// Where the answer is lost, by a connection that breaks, a time limit or a gateway, the service [may have begun
    /// it](may_be_done): then the list of batches is looked through before it is asked again, so that nobody pays twice. A
    /// batch of the same file, endpoint and metadata that has not ended is taken for this one.
    pub async fn create(&self, request: &BatchRequest) -> Result<Batch> {
        let body = Value::from(request.body.clone()).to_string();
        let call = Call::post("batches").with_json(body).at_most_once();
        let service = self.client.inner().service();
        let mut left = service.max_retries();
        loop {
            let error = match self.client.fetch(call.clone()).await {
                Err(error) if may_be_done(&error) && error.is_retryable() => error,
                answer => return answer,
            };
            // As long as the service asks for, if it does: what has begun may not be on the list at once.
            let pause = error.retry_after().unwrap_or(PAUSE);
            if left == 0 || pause > LONGEST_PAUSE {
                return self.begun(request).await.ok().flatten().ok_or(error);
            }
            service.timer().sleep(pause).await;
            match self.begun(request).await {
                Ok(Some(batch)) => return Ok(batch),
                Ok(None) => left -= 1,
                // Nobody knows whether it was begun.
                Err(_) => return Err(error),
            }
        }
    }

    /// The batch that the service began for a request without our hearing of it, if it did.
    async fn begun(&self, request: &BatchRequest) -> Result<Option<Batch>> {
        let newest = self.list(&ListOptions::default().with_limit(100)).await?;
        Ok(newest.data.into_iter().find(|batch| request.is_of(batch)))
    }

    /// How far a batch is.
    pub async fn retrieve(&self, id: &str) -> Result<Batch> {
        self.client.fetch(Call::get(format!("batches/{}", segment(id)?))).await
    }

    /// Asks the service to stop. What is done by then has its results.
    pub async fn cancel(&self, id: &str) -> Result<Batch> {
        let call = Call::post(format!("batches/{}/cancel", segment(id)?));
        self.client.fetch(call.with_header("content-type", "application/json")?).await
    }

    /// A page of the list.
    pub async fn list(&self, options: &ListOptions) -> Result<Page<Batch>> {
        self.client.fetch(options.call("batches", None)).await
    }

    /// The batches of all pages; each page is asked for when the one before was read.
    pub fn list_all(&self, options: ListOptions) -> impl Stream<Item = Result<Batch>> + Send + use<> {
        let client = self.client.clone();
        let page = move |after: Option<String>| {
            let (client, call) = (client.clone(), options.call("batches", after.as_deref()));
            async move { client.fetch(call).await }
        };
        all_pages(page, |batch: &Batch| &batch.id)
    }

    /// Waits until a batch has [ended](BatchStatus::is_terminal), well or not.
    ///
    /// # Errors
    /// `Timeout` when the wait takes too long; the batch goes on. Errors of single looks that may pass are waited out,
    /// up to [five in a row](BatchWait).
    ///
    /// # Cancellation
    /// Dropping the future ends the wait, and not the batch: see [`cancel`](Self::cancel).
    ///
    /// # Example
    /// ```
    /// use catena_llm_openai::{BatchStatus, BatchWait, OpenAiClient};
    /// use std::time::Duration;
    /// # use catena_testkit::{Reply, Server};
    /// # use serde_json::json;
    /// # let server = Server::replay([Reply::json(200, json!({"id": "batch_1", "status": "completed"}))]);
    /// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
    /// # futures_executor::block_on(async {
    /// let wait = BatchWait::default().with_interval(Duration::from_secs(30)).with_limit(Duration::from_secs(3600));
    /// let batch = client.batches().wait("batch_1", &wait).await?;
    /// assert_eq!(batch.status, BatchStatus::Completed);
    /// # Ok::<(), catena_core::Error>(()) })?;
    /// # Ok::<(), catena_core::Error>(())
    /// ```
    pub async fn wait(&self, id: &str, wait: &BatchWait) -> Result<Batch> {
        wait.until(id, || self.retrieve(id)).await
    }

    /// The answers to requests of a batch that has ended: one result for each of these ids, in their order. Of several lines
    /// with the same id the first counts.
    ///
    /// A request that the service did not get to has an error: `Timeout` if the time of the batch ran out, `Cancelled` if it
    /// was stopped, `Incomplete` if the batch says nothing of it.
    ///
    /// # Errors
    /// `InvalidInput` for an id that is there twice, `BadRequest` if the service refused the whole batch; those of the
    /// service.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection.
    ///
    /// # Example
    /// See [`BatchLine`].
    pub async fn answers<T: Into<String>>(
        &self,
        batch: &Batch,
        custom_ids: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Result<BatchAnswer>>> {
        let ids: Vec<String> = custom_ids.into_iter().map(Into::into).collect();
        let places: HashMap<&str, usize> = ids.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
        if places.len() < ids.len() {
            return Err(Error::new(ErrorKind::InvalidInput, "an id is asked for twice"));
        }
        if batch.status == BatchStatus::Failed {
            return Err(failed(batch));
        }
        let place = |id: &str| places.get(id).copied();
        join(self.results(batch), ids.len(), batch, place, |result| result.outcome).await
    }

    /// What came of the requests of a batch that has ended, in no particular order: the lines of its output file and
    /// then those of its error file. A line that cannot be read is an error, and more may follow.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection.
    pub fn results(&self, batch: &Batch) -> impl Stream<Item = Result<BatchResult>> + Send + use<> {
        let files = self.client.files();
        let ids = [batch.output_file_id.clone(), batch.error_file_id.clone()];
        let ids = futures_util::stream::iter(ids.into_iter().flatten());
        ids.then(move |id| {
            let files = files.clone();
            async move {
                match files.download(&id).await {
                    Ok(body) => Lines::new(body).map(read_line).left_stream(),
                    Err(error) => futures_util::stream::iter([Err(error)]).right_stream(),
                }
            }
        })
        .flatten()
    }
}

fn read_line(line: Result<BytesMut>) -> Result<BatchResult> {
    let failed = |status, body: &str, origin: &Origin| {
        decode_failure(&FailedAnswer::new(status, origin, body), KEY_VARIABLE)
    };
    let read = |line: &[u8]| decode_line(line, &Origin::default(), failed);
    read_mended(&line?, read).map(BatchResult::from)
}

/// What a batch is to do.
///
/// # Example
/// See [`Batches`].
#[derive(Debug, Clone)]
#[must_use = "a batch begins with `Batches::create`"]
pub struct BatchRequest {
    body: Map<String, Value>,
}

impl BatchRequest {
    /// The requests of an uploaded file, to be worked off by an endpoint, such as `/v1/chat/completions`, in 24 hours.
    pub fn new(input_file_id: impl Into<String>, endpoint: impl Into<String>) -> Self {
        let members = [
            ("input_file_id", input_file_id.into()),
            ("endpoint", endpoint.into()),
            ("completion_window", "24h".to_owned()),
        ];
        Self { body: members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect() }
    }

    /// A remark that the service keeps.
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let metadata = self.body.entry("metadata").or_insert_with(|| Map::new().into());
        if let Value::Object(metadata) = metadata {
            metadata.insert(name.into(), Value::String(value.into()));
        }
        self
    }

    /// Whether a batch is what was asked for, and still to be done.
    fn is_of(&self, batch: &Batch) -> bool {
        let asked = |name| self.body.get(name).and_then(Value::as_str);
        let metadata = |members: &Map<String, Value>| {
            members.get("metadata").filter(|labels| is_truthy(labels)).cloned()
        };
        !batch.status.is_terminal()
            && batch.input_file_id.as_deref() == asked("input_file_id")
            && batch.endpoint.as_deref() == asked("endpoint")
            && metadata(&batch.extra) == metadata(&self.body)
    }

    /// A member to send as it is, in place of one that a method here sets: `output_expires_after`.
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }
}

/// The error of a batch that did nothing.
pub(crate) fn failed(batch: &Batch) -> Error {
    let issues = batch.issues();
    let reasons: Vec<String> = issues.iter().take(3).map(ToString::to_string).collect();
    let reasons = if reasons.is_empty() { "it gives no reason".to_owned() } else { reasons.join("; ") };
    let more = issues.len().saturating_sub(3);
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Error::new(ErrorKind::BadRequest, format!("the service refused the batch {}: {reasons}{more}", batch.id))
}

/// The timer of a wait.
pub(crate) type SharedTimer = Arc<dyn catena_core::Timer>;
