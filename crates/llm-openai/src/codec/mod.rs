//! The wire format as pure functions: bytes in, values out. Nothing here does any I/O.

mod base64;
pub(crate) mod batch_lines;
mod call_pieces;
mod chat_message;
pub(crate) mod chat_request;
pub(crate) mod chat_response;
pub(crate) mod chat_stream;
pub(crate) mod completions;
mod content;
pub(crate) mod embeddings;
mod envelope;
pub(crate) mod error;
mod error_body;
mod error_kind;
mod excerpt;
#[cfg(test)]
mod fixtures;
mod lenient;
pub(crate) mod object;
mod origin;
mod progress;
pub(crate) mod request;
pub(crate) mod responses;
mod retry_hint;
mod usage;

pub(crate) use origin::Origin;

use catena_core::Result;

/// Decodes the answer to a request that asked for a stream.
pub(crate) trait StreamDecoder: Send {
    /// What the events become.
    type Chunk: Send;

    /// One event: its name, if it has one, and its data. `None` for an event that adds nothing.
    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<Self::Chunk>>;

    /// The end of the events; `marked` if the service said `[DONE]`. An answer that is not complete is an error.
    fn end(&mut self, marked: bool, origin: &Origin) -> Result<Option<Self::Chunk>>;

    /// The body of a server that answers in one piece although it was asked to stream.
    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<Self::Chunk>;
}
