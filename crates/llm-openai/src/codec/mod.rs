//! The wire format as pure functions: bytes in, values out, no I/O.

mod base64;
pub(crate) mod batch_lines;
mod call_pieces;
mod chat_message;
pub(crate) mod chat_request;
pub(crate) mod chat_response;
pub(crate) mod chat_stream;
pub(crate) mod completion_stream;
pub(crate) mod completions;
mod content;
pub(crate) mod context_size;
mod custom_tool;
pub(crate) mod embeddings;
mod envelope;
pub(crate) mod error;
mod error_body;
mod error_kind;
mod event;
#[cfg(test)]
mod fixtures;
mod members;
pub(crate) mod object;
mod origin;
mod progress;
pub(crate) mod raw_events;
mod repeated_event;
pub(crate) mod request;
mod response_format;
mod response_headers;
pub(crate) mod responses;
mod temperature;
mod tool;
mod usage;

pub(crate) use origin::Origin;

use catena_http::service::lenient;

pub(crate) use catena_http::service::StreamDecoder;
