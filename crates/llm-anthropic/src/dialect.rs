//! How Anthropic reports errors and rate limits.

use catena_core::{Error, RateLimits};
use catena_http::HeaderMap;
use catena_http::service::{Dialect, FailedAnswer};

use crate::codec::error::decode_failure;
use crate::codec::rate_limits::decode_rate_limits;

/// Anthropic's error and rate limit format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnthropicDialect;

impl Dialect for AnthropicDialect {
    fn decode_error(&self, answer: &FailedAnswer<'_>) -> Error {
        decode_failure(answer)
    }

    fn request_id<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        ["request-id", "x-request-id"].iter().find_map(|name| headers.get(*name)?.to_str().ok())
    }

    fn rate_limits(&self, headers: &HeaderMap) -> RateLimits {
        decode_rate_limits(headers)
    }
}
