//! Request bodies.

use std::borrow::Cow;

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::Call;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::lenient::is_truthy;
use crate::parameters::Parameters;

/// A request body: its own members, parameters, and extra members, which override others of the same name.
pub(crate) struct Body<'a, T> {
    /// The messages, prompts or inputs, and the member's name.
    pub(crate) input: (&'static str, T),
    pub(crate) model: &'a str,
    pub(crate) parameters: &'a Parameters,
    /// `Some` for a stream, with its `stream_options` if there are any.
    pub(crate) stream: Option<Option<Map<String, Value>>>,
}

impl<T: Serialize> Serialize for Body<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Parameters { members, extra, .. } = self.parameters;
        let mut body = serializer.serialize_map(None)?;
        let own = |name: &str| !extra.contains_key(name);
        // On Azure the deployment determines the model.
        if own("model") && !self.model.is_empty() {
            body.serialize_entry("model", self.model)?;
        }
        if own(self.input.0) {
            body.serialize_entry(self.input.0, &self.input.1)?;
        }
        for (name, value) in members.iter().filter(|(name, _)| own(name) && *name != "stream_options") {
            body.serialize_entry(name, value)?;
        }
        if let Some(options) = &self.stream {
            body.serialize_entry("stream", &true)?;
            if let Some(options) = options.as_ref().filter(|_| own("stream_options")) {
                body.serialize_entry("stream_options", options)?;
            }
        }
        for (name, value) in
            extra.iter().filter(|(name, _)| self.stream.is_some() || *name != "stream_options")
        {
            body.serialize_entry(name, value)?;
        }
        body.end()
    }
}

/// Encodes a body.
pub(crate) fn encode(body: &impl Serialize) -> Result<Vec<u8>> {
    // Enough for a short question.
    let mut json = Vec::with_capacity(512);
    serde_json::to_writer(&mut json, body).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, format!("the request cannot be written as JSON: {error}"))
    })?;
    Ok(json)
}

/// Returns the parameters overridden by the arguments of a call.
///
/// # Errors
/// `InvalidInput` for an argument that contradicts the call.
pub(crate) fn with_arguments<'a>(
    parameters: &'a Parameters,
    arguments: Option<&Map<String, Value>>,
) -> Result<Cow<'a, Parameters>> {
    let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else {
        return Ok(Cow::Borrowed(parameters));
    };
    let mut called = parameters.clone();
    for (name, value) in arguments {
        match (name.as_str(), value) {
            ("extra_body" | "model_kwargs", Value::Object(_)) => {}
            // Tracing arguments are not meant for the service.
            (name, _) if name.starts_with("ls_") || Call::ARGUMENTS.contains(&name) => {}
            // Null leaves the model's own stop sequences, an empty list removes them.
            ("stop", Value::Null) => {}
            ("stop", stop) if !is_truthy(stop) => {
                called.members.remove("stop");
            }
            (name, value) => {
                called.extra.remove(name);
                called.set(name, value.clone());
            }
        }
    }
    // Extra members take precedence, whatever the order of the arguments.
    for name in ["model_kwargs", "extra_body"] {
        called.extra.extend(arguments.get(name).and_then(Value::as_object).cloned().into_iter().flatten());
    }
    if called.members.contains_key("stream") || called.extra.contains_key("stream") {
        let message = "`stream` cannot be bound: whether an answer is streamed is up to the call";
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(Cow::Owned(called))
}

/// Rejects a stream of several answers.
///
/// # Errors
/// `InvalidInput` if more than one answer is requested.
pub(crate) fn refuse_candidates(parameters: &Parameters) -> Result<()> {
    let number = parameters.candidates();
    if number > 1 {
        let message = format!("{number} answers (`n`) cannot be streamed: ask for them with `generate_all`");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(())
}
