//! The input file of a batch.

use catena_core::{Error, ErrorKind, Result};

use super::BatchRequest;
use crate::codec::batch_lines::encode_line;
use crate::files::FileUpload;
use crate::openai_client::OpenAiClient;

/// The maximum number of requests, and of bytes, in an input file.
const MAX_REQUESTS: usize = 50_000;
const MAX_FILE: usize = 200_000_000;

/// The input file of a batch: a line per request.
#[derive(Debug, Default)]
pub(super) struct BatchFile {
    lines: Vec<u8>,
    requests: usize,
    endpoint: String,
}

impl BatchFile {
    /// Returns the number of requests.
    pub(super) fn requests(&self) -> usize {
        self.requests
    }

    /// Returns the endpoint, which is the same for all requests.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Adds a request. The body must be JSON without line breaks.
    ///
    /// # Errors
    /// `InvalidInput` if the file gets too large, or for an endpoint that differs from that of the other requests.
    pub(super) fn add(&mut self, custom_id: &str, endpoint: &str, body: &[u8]) -> Result<()> {
        if self.requests == 0 {
            endpoint.clone_into(&mut self.endpoint);
        } else if self.endpoint != endpoint {
            return Err(input(format!(
                "all requests of a batch go to one endpoint, and these go to `{:.100}` and `{endpoint:.100}`: make \
                 several of it",
                self.endpoint
            )));
        }
        encode_line(custom_id, endpoint, body, &mut self.lines)?;
        self.requests += 1;
        if self.requests > MAX_REQUESTS || self.lines.len() > MAX_FILE {
            return Err(input(format!(
                "a batch has at most {MAX_REQUESTS} requests and {MAX_FILE} bytes: make several of it"
            )));
        }
        Ok(())
    }

    /// Checks that the file is not empty.
    ///
    /// # Errors
    /// `InvalidInput` if there is no request.
    pub(super) fn finish(self) -> Result<Self> {
        if self.requests == 0 {
            return Err(input("a batch needs at least one request".to_owned()));
        }
        Ok(self)
    }

    /// Uploads the file, and returns the request for its batch.
    pub(super) async fn upload(self, client: &OpenAiClient) -> Result<BatchRequest> {
        let upload =
            FileUpload::new("batch.jsonl", "batch", self.lines).with_content_type("application/jsonl");
        let file = client.files().upload(upload).await?;
        Ok(BatchRequest::new(file.id, self.endpoint))
    }
}

fn input(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}
