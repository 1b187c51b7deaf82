//! Token counting: `POST /v1/messages/count_tokens`.

use catena_core::{Error, ErrorKind, Message, Result};
use serde_json::Value;

use super::chat_request::{ChatOptions, Request, encode};
use super::envelope::not_an_answer;
use super::lenient::count;
use super::origin::Origin;

/// The members that the endpoint accepts besides model, system and messages: everything that is part of the input.
const COUNTED: [&str; 8] = [
    "cache_control",
    "context_management",
    "mcp_servers",
    "output_config",
    "speed",
    "thinking",
    "tool_choice",
    "tools",
];

/// Encodes a request for the token count of a call.
///
/// # Errors
/// As for a call.
pub(crate) fn encode_count(options: &ChatOptions, messages: &[Message]) -> Result<Request> {
    encode(options, messages, Some(&COUNTED), false)
}

/// Decodes the count.
///
/// # Errors
/// `Decode` or `InvalidResponse` for a response without one.
pub(crate) fn decode_count(body: &[u8], origin: &Origin) -> Result<u64> {
    let answer: Value = serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))?;
    count(answer.get("input_tokens").filter(|count| count.is_number())).ok_or_else(|| {
        let service = origin.service_error(&String::from_utf8_lossy(body));
        Error::new(ErrorKind::InvalidResponse, "the response contains no token count").with_service(service)
    })
}
