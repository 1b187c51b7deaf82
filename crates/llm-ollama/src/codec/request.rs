//! Request bodies.

use catena_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::parameters::Parameters;

/// A request body: the input, the model, and the parameters.
pub(crate) struct Body<'a, T> {
    /// The messages, the prompt or the texts, and the member's name.
    pub(crate) input: (&'static str, T),
    pub(crate) model: &'a str,
    pub(crate) parameters: &'a Parameters,
    /// Whether the answer is streamed, for endpoints with a choice. The service would stream by default.
    pub(crate) stream: Option<bool>,
}

impl<T: Serialize> Serialize for Body<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Parameters { members, options, .. } = self.parameters;
        let mut body = serializer.serialize_map(None)?;
        // An argument of a call may name another model.
        if !members.contains_key("model") {
            body.serialize_entry("model", self.model)?;
        }
        if !members.contains_key(self.input.0) {
            body.serialize_entry(self.input.0, &self.input.1)?;
        }
        if let Some(stream) = self.stream {
            body.serialize_entry("stream", &stream)?;
        }
        if !options.is_empty() {
            body.serialize_entry("options", options)?;
        }
        for (name, value) in members.iter().filter(|(name, _)| *name != "stream" && *name != "options") {
            body.serialize_entry(name, value)?;
        }
        body.end()
    }
}

/// Encodes a body.
///
/// # Errors
/// `InvalidInput` for what JSON cannot represent.
pub(crate) fn encode(body: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(body).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the request cannot be serialized as JSON: {error}"))
    })
}
