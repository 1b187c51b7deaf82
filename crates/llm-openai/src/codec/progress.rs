//! How far the answer in a stream is, and whether its end is one.

use catena_core::{Error, ErrorKind, Result, ServiceError};

use super::origin::Origin;

/// What has been seen of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// A choice said something: a text, a thought, a call.
    pub(super) said: bool,
    /// A finish reason was seen.
    pub(super) finished: bool,
    /// A chunk was delivered.
    pub(super) emitted: bool,
}

impl Progress {
    /// Judges the end of the events. `marked`: the service said that it is one.
    pub(super) fn end(&self, marked: bool, origin: &Origin) -> Result<()> {
        let error = match (marked, self.said, self.finished) {
            (_, _, true) | (true, true, _) => return Ok(()),
            (true, false, _) => Error::new(ErrorKind::InvalidResponse, "the stream held no answer"),
            // Nothing is wrong with the request, so the same call may well succeed.
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
