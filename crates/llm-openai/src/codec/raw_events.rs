//! Events of a stream, unchanged.

use catena_core::{ErrorKind, Result, ServiceError};
use serde_json::Value;

use super::envelope::not_decodable;
use super::error::error_in_body;
use super::lenient::is_truthy;
use super::object::decode_object;
use super::{Origin, StreamDecoder};

/// Decodes events as JSON, and only checks for errors.
pub(crate) struct RawEvents;

impl StreamDecoder for RawEvents {
    type Chunk = Value;

    fn event(&mut self, name: Option<&str>, data: &str, origin: &Origin) -> Result<Option<Value>> {
        if data.trim().is_empty() {
            return Ok(None);
        }
        let event: Value = serde_json::from_str(data).map_err(|error| {
            not_decodable("an event of the stream", data, &error, ErrorKind::Decode, origin)
        })?;
        if name == Some("error") || is_truthy(&event["error"]) {
            return Err(error_in_body(ErrorKind::Stream, data, ServiceError::default(), origin));
        }
        Ok(Some(event))
    }

    /// Whether the events are complete depends on the request.
    fn end(&mut self, _marked: bool, _origin: &Origin) -> Result<Option<Value>> {
        Ok(None)
    }

    fn whole(&mut self, body: &[u8], origin: &Origin) -> Result<Value> {
        decode_object(body, origin)
    }
}
