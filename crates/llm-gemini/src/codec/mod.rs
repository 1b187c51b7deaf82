//! The wire format as pure functions: bytes in, values out, no I/O.

mod candidate;
pub(crate) mod chat_message;
pub(crate) mod chat_request;
pub(crate) mod chat_response;
pub(crate) mod chat_stream;
pub(crate) mod embeddings;
mod envelope;
pub(crate) mod error;
mod error_body;
mod error_kind;
mod facts;
mod finish_reason;
#[cfg(test)]
mod fixtures;
mod generation;
mod lenient;
mod media;
pub(crate) mod model_name;
pub(crate) mod object;
mod part;
mod response_format;
mod schema;
mod token_count;
mod tool;
mod tool_choice;
mod tool_result;
mod usage;

pub(crate) use catena_http::service::StreamDecoder;
pub(crate) use token_count::{decode_count, encode_count};
