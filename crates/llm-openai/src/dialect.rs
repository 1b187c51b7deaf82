//! How OpenAI, and those who speak its language, report errors.

use catena_core::Error;
use catena_http::service::{Dialect, FailedAnswer};

use crate::codec::error::decode_failure;

/// OpenAI's dialect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenAiDialect {
    /// The variable of the environment in which the key is.
    pub(crate) key: &'static str,
}

impl Dialect for OpenAiDialect {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        decode_failure(answer, self.key)
    }
}
