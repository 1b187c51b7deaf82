//! The outer object of every response and every event, and responses that are not answers.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::{Origin, is_html, words};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::error_in_body;
use super::lenient::{Text, flag, is_truthy};

/// A response or an event. Everything is optional; unknown members stay in `extra`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Envelope {
    pub(super) candidates: Option<Vec<Candidate>>,
    pub(super) prompt_feedback: Value,
    pub(super) usage_metadata: Value,
    pub(super) model_version: Text,
    pub(super) response_id: Text,
    pub(super) error: Value,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

/// An answer, or a chunk of one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Candidate {
    pub(super) index: Value,
    pub(super) content: Option<WireContent>,
    pub(super) finish_reason: Text,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireContent {
    pub(super) parts: Option<Vec<WirePart>>,
}

/// A part of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WirePart {
    pub(super) text: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(super) thought: bool,
    pub(super) thought_signature: Text,
    pub(super) function_call: Option<WireCall>,
    pub(super) inline_data: Option<Map<String, Value>>,
    pub(super) file_data: Option<Map<String, Value>>,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

/// A function call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCall {
    pub(super) id: Text,
    pub(super) name: Text,
    /// In the model's order.
    pub(super) args: Option<catena_core::Data>,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

/// Decodes the body of a successful response. A server that sends a list instead of the requested event stream gives
/// several envelopes.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for another shape, or the error that the body contains.
pub(super) fn decode_body(body: &[u8], origin: &Origin) -> Result<Vec<Envelope>> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let read = match body.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice::<Vec<Envelope>>(body),
        _ => serde_json::from_slice(body).map(|envelope| vec![envelope]),
    };
    let envelopes = read.map_err(|error| not_an_answer(body, &error, origin))?;
    if envelopes.iter().any(|envelope| is_truthy(&envelope.error)) {
        return Err(error_in_body(ErrorKind::InvalidResponse, &String::from_utf8_lossy(body), origin));
    }
    Ok(envelopes)
}

/// Decodes an object returned by the service's other endpoints.
///
/// # Errors
/// As [`decode_body`].
pub(super) fn decode_as<T: DeserializeOwned>(body: &[u8], origin: &Origin) -> Result<T> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))
}

/// Decodes an event; `None` for one without data.
///
/// # Errors
/// `Stream` for an error object, `Decode` for what is not JSON.
pub(super) fn decode_event(data: &str, origin: &Origin) -> Result<Option<Envelope>> {
    if data.trim().is_empty() {
        return Ok(None);
    }
    let event: Envelope =
        serde_json::from_str(data).map_err(|error| not_decodable("a stream event", data, &error, origin))?;
    if is_truthy(&event.error) {
        return Err(error_in_body(ErrorKind::Stream, data, origin));
    }
    Ok(Some(event))
}

/// Returns the error for a body that is not an answer. Describes what it is instead, as far as that can be told.
fn not_an_answer(body: &[u8], error: &serde_json::Error, origin: &Origin) -> Error {
    let text = String::from_utf8_lossy(body);
    if serde_json::from_slice::<Value>(body).is_ok_and(|value| is_truthy(&value["error"])) {
        return error_in_body(ErrorKind::InvalidResponse, &text, origin);
    }
    if is_html(&text) {
        let excerpt = words(&origin.redactor.clean_body(&text), 200);
        let message = format!("the service returned an HTML page, check the base URL: {excerpt}");
        return Error::new(ErrorKind::InvalidResponse, message).with_service(origin.service_error(&text));
    }
    not_decodable("the answer", &text, error, origin)
}

/// Returns the error for a text that is not JSON, or not the expected JSON.
fn not_decodable(what: &str, text: &str, error: &serde_json::Error, origin: &Origin) -> Error {
    // The decoder's error may quote the text.
    let reason = origin.redactor.clean(error.to_string());
    let excerpt = words(&origin.redactor.clean_body(text), 200);
    let (kind, message) = if text.trim().is_empty() {
        (ErrorKind::Decode, format!("{what} is empty"))
    } else if error.is_data() {
        (ErrorKind::InvalidResponse, format!("{what} does not have the expected shape: {reason:.300}"))
    } else {
        (ErrorKind::Decode, format!("{what} is not JSON ({reason:.300}): {excerpt}"))
    };
    Error::new(kind, message).with_service(origin.service_error(text))
}
