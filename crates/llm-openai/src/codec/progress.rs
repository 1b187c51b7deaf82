//! How far a streamed answer has progressed, and whether it ended properly.

use catena_core::{Error, ErrorKind, Result, ServiceError};

use super::origin::Origin;

/// What has been received of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// A choice had content: text, reasoning, a refusal or a tool call.
    pub(super) said: bool,
    /// A finish reason was seen.
    pub(super) finished: bool,
    /// A chunk was delivered.
    pub(super) emitted: bool,
}

impl Progress {
    /// Checks the end of the events. `marked`: the service marked the end.
    pub(super) fn end(&self, marked: bool, origin: &Origin) -> Result<()> {
        let error = match (marked, self.said, self.finished) {
            (_, _, true) | (true, true, _) => return Ok(()),
            (true, false, _) => Error::new(ErrorKind::InvalidResponse, "the stream held no answer"),
            // The request itself is fine, so a retry may well succeed.
            (false, ..) => Error::new(
                ErrorKind::Incomplete,
                "the stream ended before the answer was complete: no finish reason and no `[DONE]`",
            )
            .with_retryable(true),
        };
        let service = ServiceError { request_id: origin.request_id.clone(), ..ServiceError::default() };
        Err(error.with_service(service))
    }
}
