//! The wire format as pure functions: bytes in, values out, no I/O.

pub(crate) mod chat_message;
pub(crate) mod chat_stream;
pub(crate) mod embed;
pub(crate) mod error;
#[cfg(test)]
mod fixtures;
pub(crate) mod generate;
mod line;
pub(crate) mod request;
pub(crate) mod tags;
pub(crate) mod tool;

pub(crate) use catena_http::service::{Origin, StreamDecoder};
