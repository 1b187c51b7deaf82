//! The wire format as pure functions: bytes in, values out, no I/O.

mod answer_blocks;
mod answer_facts;
mod call_id;
mod chat_message;
pub(crate) mod chat_request;
pub(crate) mod chat_response;
pub(crate) mod chat_stream;
mod content;
pub(crate) mod count_tokens;
mod envelope;
pub(crate) mod error;
mod error_body;
mod error_kind;
#[cfg(test)]
mod fixtures;
mod media;
mod members;
mod origin;
pub(crate) mod rate_limits;
mod response_format;
mod sent_answer;
mod tool;
mod turn;
mod usage;
mod wire_members;

#[cfg(test)]
use origin::Origin;

use catena_http::service::lenient;

pub(crate) use catena_http::service::StreamDecoder;
