//! The error format of OpenAI and compatible servers.

use catena_core::Error;
use catena_http::service::{Dialect, FailedAnswer};

use crate::codec::error::decode_failure;

/// OpenAI's error format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenAiDialect {
    /// The environment variable that holds the key; `None` if no key is sent.
    pub(crate) key: Option<&'static str>,
}

impl Dialect for OpenAiDialect {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        decode_failure(answer, self.key)
    }
}
