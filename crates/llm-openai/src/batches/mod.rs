//! Requests that a service works off when it has time.

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
    /// Where the answer is lost, by a connection that breaks, a time limit or a gateway, or cannot be read, the service
    /// [may have begun it](may_be_done): then the list of batches is looked through before it is asked again, so that
    /// nobody pays twice. A batch of the same file, endpoint and metadata that is new or has not ended is taken for this
    /// one. What a gateway leaves out of its list is taken for the same.
    ///
    /// # Errors
    /// Where the list cannot be read, or has a batch that may be this one, an error that names the file, is not retryable
    /// and has the kind of the first failure: nothing is asked again.
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
            // As long as the service asks for, if it does: what has begun may not be on the list at once.
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

    /// The batch that the service began, at `start` or later, without our hearing of it, or why that cannot be known.
    async fn begun(&self, request: &BatchRequest, start: u64) -> Result<Option<Batch>, String> {
        match self.list(&ListOptions::default().with_limit(100)).await {
            Ok(newest) => request.find(newest.data, start),
            Err(error) => Err(format!("the list cannot be read: {error}")),
        }
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
    /// `InvalidInput` for an id that is there twice, `BadRequest` if the service refused the whole batch, `Incomplete` if
    /// it was not stopped and not one of these results is there; those of the service. A file that breaks off is read
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

    /// What came of the requests of a batch that has ended, in no particular order: the lines of its output file and
    /// then those of its error file. A line that cannot be read is an error, and more may follow.
    ///
    /// # Cancellation
    /// Dropping the stream closes the connection.
    pub fn results(&self, batch: &Batch) -> impl Stream<Item = Result<BatchResult>> + Send + use<> {
        let batches = self.clone();
        let ids = [batch.output_file_id.clone(), batch.error_file_id.clone()];
        let ids = futures_util::stream::iter(ids.into_iter().flatten());
        ids.flat_map(move |id| batches.results_in(id))
    }

    /// The results in a file.
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
        decode_failure(&FailedAnswer::new(status, origin, body), KEY_VARIABLE)
    };
    let read = |line: &[u8]| decode_line(line, &Origin::default(), failed);
    read_mended(&line?, read).map(BatchResult::from)
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

/// Whether an answer is not what was asked for.
fn is_unreadable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Decode | ErrorKind::InvalidResponse)
}

/// The same error with these words before its own.
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
