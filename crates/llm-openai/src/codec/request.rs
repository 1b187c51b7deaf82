//! Request bodies.

use catena_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Map, Value};

/// Encodes a body. Members of `extra` replace those of the same name.
pub(crate) fn encode(body: &impl Serialize, extra: &Map<String, Value>) -> Result<Vec<u8>> {
    let encoded = if extra.is_empty() {
        serde_json::to_vec(body)
    } else {
        serde_json::to_value(body).and_then(|mut body| {
            if let Some(members) = body.as_object_mut() {
                members.extend(extra.clone());
            }
            serde_json::to_vec(&body)
        })
    };
    encoded.map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the request cannot be written as JSON: {error}"))
    })
}
