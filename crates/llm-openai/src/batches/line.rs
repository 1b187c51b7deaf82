//! A request of a batch.

use std::collections::HashSet;

use catena_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::file::BatchFile;

/// A request of a batch, to any endpoint that supports batches. Taken by [`Batches::upload`](super::Batches::upload). For
/// prompts and messages to a chat model, see [`OpenAiBatch`](super::OpenAiBatch).
///
/// # Example
/// ```
/// use catena_llm_openai::{BatchLine, BatchWait, OpenAiClient};
/// use serde_json::json;
/// # use catena_testkit::{Reply, Server};
/// # let server = Server::start(|request| match (request.method(), request.path()) {
/// #     ("POST", "/files") => Reply::json(200, json!({"id": "file-in"})),
/// #     ("GET", path) if path.ends_with("/content") => Reply::text(200, [("rome", 0.5), ("paris", 0.25)].map(|(id, number)|
/// #         json!({"custom_id": id, "response": {"status_code": 200, "body": {"data": [{"embedding": [number]}]}}}).to_string()).join("\n")),
/// #     _ => Reply::json(200, json!({"id": "batch_1", "status": "completed", "output_file_id": "file-out"})),
/// # });
/// # let client = OpenAiClient::builder().with_base_url(server.url()).with_api_key("sk-...").build()?;
/// # futures_executor::block_on(async {
/// let embedding = |id: &str, text: &str| {
///     BatchLine::new(id, "/v1/embeddings", json!({"model": "text-embedding-3-small", "input": text}))
/// };
/// let batches = client.batches();
/// let request = batches.upload([embedding("paris", "Paris"), embedding("rome", "Rome")]).await?;
/// let batch = batches.create(&request.with_metadata("job", "nightly")).await?;
/// let batch = batches.wait(&batch.id, &BatchWait::default()).await?;
/// for answer in batches.answers(&batch, ["paris", "rome"]).await? {
///     println!("{:?}", answer?.embeddings()?.vectors);
/// }
/// # Ok::<(), catena_core::Error>(()) })?;
/// # Ok::<(), catena_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a line does nothing until it is uploaded"]
pub struct BatchLine {
    custom_id: String,
    endpoint: String,
    body: Value,
}

impl BatchLine {
    /// Creates a request to an endpoint such as `/v1/embeddings`. The custom id, of your choice, identifies its result.
    pub fn new(custom_id: impl Into<String>, endpoint: impl Into<String>, body: impl Into<Value>) -> Self {
        Self { custom_id: custom_id.into(), endpoint: endpoint.into(), body: body.into() }
    }
}

/// Encodes the input file.
///
/// # Errors
/// `InvalidInput` for no requests, too many of them, several endpoints, or a duplicate id.
pub(super) fn file_of(lines: impl IntoIterator<Item = BatchLine>) -> Result<BatchFile> {
    let (mut file, mut ids) = (BatchFile::default(), HashSet::new());
    for BatchLine { custom_id, endpoint, body } in lines {
        file.add(&custom_id, &endpoint, body.to_string().as_bytes())?;
        if let Some(twice) = ids.replace(custom_id) {
            let message =
                format!("two requests of the batch have the id `{twice:.100}`, and so would their results");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
    }
    file.finish()
}
