//! How Ollama reports errors.

use catena_core::Error;
use catena_http::service::{Dialect, FailedAnswer};

use crate::codec::error::decode_failure;

/// Ollama's error format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OllamaDialect;

impl Dialect for OllamaDialect {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        decode_failure(answer)
    }
}
