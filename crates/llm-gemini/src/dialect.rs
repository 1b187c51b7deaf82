//! How Google's service reports errors.

use catena_core::Error;
use catena_http::service::{Dialect, FailedAnswer};

use crate::codec::error::decode_failure;

/// Google's error format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GeminiDialect;

impl Dialect for GeminiDialect {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        decode_failure(answer)
    }
}
