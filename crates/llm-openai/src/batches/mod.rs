//! Requests that the service processes asynchronously.

mod answers;
mod batch;
mod file;
mod job;
mod line;
mod request;
mod results;
mod wait;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use catena_core::{Error, ErrorKind, Result};
use catena_http::service::{Call, FailedAnswer, Origin, bounded, may_be_done, read_mended, segment};
use futures_util::{FutureExt, Stream, StreamExt};
use serde_json::Value;

pub use batch::{Batch, BatchCounts, BatchIssue, BatchStatus};
pub use job::{BatchJob, OpenAiBatch};
pub use line::BatchLine;
pub use request::BatchRequest;
pub use results::{BatchAnswer, BatchResult};
pub use wait::BatchWait;

use crate::codec::batch_lines::decode_line;
use crate::codec::error::{KEY_VARIABLE, decode_failure};
use crate::openai_client::OpenAiClient;
use crate::page::{ListOptions, Page, all_pages};
use answers::{Answers, named};
use line::file_of;
use request::MAX_SHOWN;
use results::Lines;

/// The pause before another attempt if the service does not ask for one.
const PAUSE: Duration = Duration::from_millis(500);

/// If the service asks for a longer pause, the error is returned instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// The endpoints under `/batches`. Created by [`OpenAiClient::batches`]. For prompts and messages to a chat model, see
/// [`OpenAiBatch`]; for requests of any other kind, [`BatchLine`].
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

    /// Uploads requests as a file, and returns what [`create`](Self::create) creates a batch of them from.
    ///
    /// # Errors
    /// `InvalidInput` for no requests, for more than 50,000 of them or 200 MB, and for requests to several endpoints or
    /// with the same id; those of the service.
    ///
    /// # Example
    /// See [`BatchLine`].
    pub async fn upload(&self, lines: impl IntoIterator<Item = BatchLine>) -> Result<BatchRequest> {
        let file = file_of(lines)?;
        file.upload(&self.client).await
    }

    /// Creates a batch.
    ///
    /// If the response is lost, because of a broken connection, a timeout or a gateway, or cannot be decoded, the
    /// service [may have created the batch](may_be_done). The list of batches is then searched before the request is
    /// retried, so that nobody pays twice: an unfinished or new batch with the same input file, endpoint and metadata is
    /// taken for this one. An endpoint and metadata that a gateway omits from the list count as the same.
    ///
    /// # Errors
    /// As for every call. If the list cannot be read, or contains a batch that may be this one, the request is not
    /// retried: the error has the kind of the original one, names the input file and is not retryable.
    pub async fn create(&self, request: &BatchRequest) -> Result<Batch> {
        let body = Value::from(request.body.clone()).to_string();
        let call = Call::post("batches").with_json(body).at_most_once();
        let service = self.client.inner().service();
        let start = request::earliest(&**service.timer());
        let mut left = service.max_retries();
        loop {
            let error = match self.client.fetch(call.clone()).await {
                Err(error) if may_be_done(&error) || is_unreadable(&error) => error,
                answer => return answer,
            };
            // Waits as long as the service asks for, if it does: a new batch may not be listed at once.
            let pause = error.retry_after().unwrap_or(PAUSE);
            if pause <= LONGEST_PAUSE {
                service.timer().sleep(pause).await;
            }
            match self.begun(request, start).await {
                Ok(Some(batch)) => return Ok(batch),
                Ok(None) if left > 0 && error.is_retryable() && pause <= LONGEST_PAUSE => left -= 1,
                Ok(None) => return Err(error),
                Err(reason) => return Err(request.unknown(error, &reason)),
            }
        }
    }

    /// Returns the batch that the service created at `start` or later for a request whose response was lost, if there is
    /// one.
    ///
    /// # Errors
    /// The reason why that remains unknown.
    async fn begun(&self, request: &BatchRequest, start: u64) -> Result<Option<Batch>, String> {
        match self.list(&ListOptions::default().with_limit(100)).await {
            Ok(newest) => request.find(newest.data, start),
            Err(error) => Err(format!("the list cannot be read: {error}")),
        }
    }

    /// Retrieves a batch with its current status.
    pub async fn retrieve(&self, id: &str) -> Result<Batch> {
        self.client.fetch(Call::get(format!("batches/{}", segment(id)?))).await
    }

    /// Cancels a batch. Requests done by then keep their results.
    pub async fn cancel(&self, id: &str) -> Result<Batch> {
        let call = Call::post(format!("batches/{}/cancel", segment(id)?));
        self.client.fetch(call.with_header("content-type", "application/json")?).await
    }

    /// Fetches one page of the list of batches.
    pub async fn list(&self, options: &ListOptions) -> Result<Page<Batch>> {
        self.client.fetch(options.call("batches", None)).await
    }

    /// Streams the batches of all pages; each page is fetched once the previous one is consumed.
    pub fn list_all(&self, options: ListOptions) -> impl Stream<Item = Result<Batch>> + Send + use<> {
        let client = self.client.clone();
        let page = move |after: Option<String>| {
            let (client, call) = (client.clone(), options.call("batches", after.as_deref()));
            async move { client.fetch(call).await }
        };
        all_pages(page, |batch: &Batch| &batch.id)
    }

    /// Waits until a batch has [ended](BatchStatus::is_terminal), successfully or not.
    ///
    /// # Errors
    /// `Timeout` if the wait exceeds its limit; the batch continues. Retryable errors of single polls are tolerated,
    /// unless there are [five in a row](BatchWait).
    ///
    /// # Cancellation
    /// Dropping the future ends the wait, not the batch: see [`cancel`](Self::cancel).
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

    /// Returns the answers to requests of a batch that has ended: one result per id, in the order of the ids. Of several
    /// results with the same id, the first counts.
    ///
    /// A request that was not processed has an error: `Timeout` if the batch expired, `Cancelled` if it was cancelled,
    /// `Incomplete` if the batch has no result for it.
    ///
    /// # Errors
    /// `InvalidInput` for duplicate ids, `BadRequest` if the service rejected the whole batch, `Incomplete` if the batch
    /// completed but none of these results are available; those of the service. A file whose download breaks off is read
    /// again, up to [five times](BatchWait).
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
        let batch = &named(batch.clone())?;
        let wait = BatchWait::default().with_timer(Arc::clone(self.client.inner().service().timer()));
        let answers = Answers::new(ids.len(), |id| places.get(id).copied(), |result| result.outcome);
        let id = bounded(&batch.id, MAX_SHOWN);
        let again = |error| retold(error, &format!("the answers of the batch {id} could not be fetched"));
        answers.fetch(self, batch, &wait).await.map_err(again)
    }

    /// Streams the results of a batch that has ended, in no particular order: the lines of its output file, then those
    /// of its error file. An unreadable line is an error, and more results may follow.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection.
    pub fn results(&self, batch: &Batch) -> impl Stream<Item = Result<BatchResult>> + Send + use<> {
        let batches = self.clone();
        let ids = [batch.output_file_id.clone(), batch.error_file_id.clone()];
        let ids = futures_util::stream::iter(ids.into_iter().flatten());
        ids.flat_map(move |id| batches.results_in(id))
    }

    /// Streams the results in a file.
    fn results_in(&self, id: String) -> impl Stream<Item = Result<BatchResult>> + Send + use<> {
        let files = self.client.files();
        let file = async move {
            match files.download(&id).await {
                Ok(body) => Lines::new(body).map(read_line).left_stream(),
                Err(error) => futures_util::stream::iter([Err(error)]).right_stream(),
            }
        };
        file.flatten_stream()
    }
}

fn read_line(line: Result<BytesMut>) -> Result<BatchResult> {
    let failed = |status, body: &str, origin: &Origin| {
        decode_failure(&FailedAnswer::new(status, origin, body), Some(KEY_VARIABLE))
    };
    let read = |line: &[u8]| decode_line(line, &Origin::default(), failed);
    read_mended(&line?, read).map(BatchResult::from)
}

/// Returns the error of a batch that the service rejected as a whole.
pub(crate) fn failed(batch: &Batch) -> Error {
    let issues = batch.issues();
    let reasons: Vec<String> = issues.iter().take(3).map(ToString::to_string).collect();
    let reasons = if reasons.is_empty() { "it gives no reason".to_owned() } else { reasons.join("; ") };
    let more = issues.len().saturating_sub(3);
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Error::new(ErrorKind::BadRequest, format!("the service refused the batch {}: {reasons}{more}", batch.id))
}

/// Returns true if a response could not be decoded.
fn is_unreadable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Decode | ErrorKind::InvalidResponse)
}

/// Returns the same error with its message prefixed.
fn retold(error: Error, words: &str) -> Error {
    let told = Error::new(error.kind(), format!("{words}: {error}"));
    let told = match error.retry_after() {
        Some(delay) => told.with_retry_after(delay),
        None => told,
    };
    let told = match error.service() {
        Some(service) => told.with_service(service.clone()),
        None => told,
    };
    told.with_retryable(error.is_retryable()).with_source(error)
}

/// The timer of a wait.
pub(crate) type SharedTimer = Arc<dyn catena_core::Timer>;
