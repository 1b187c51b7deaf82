//! The outer object of every answer and every event.

use catena_core::{Error, ErrorKind, ResponseMetadata, Result, Usage};
use catena_http::service::{is_html, words};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::decode_error_in_answer;
use super::lenient::{Text, is_truthy};
use super::origin::Origin;
use super::usage::decode_usage;

/// An answer or event with choices of type `C`. Everything is optional; what is unknown stays in `extra`.
#[derive(Deserialize)]
#[serde(bound(deserialize = "C: Deserialize<'de>"))]
pub(super) struct Envelope<'a, C> {
    #[serde(default, borrow)]
    pub(super) id: Text<'a>,
    #[serde(default, borrow)]
    pub(super) model: Text<'a>,
    #[serde(default = "Option::default")]
    pub(super) choices: Option<Vec<C>>,
    #[serde(default)]
    pub(super) usage: Value,
    #[serde(default)]
    pub(super) error: Value,
    /// Says only whether this is a piece.
    #[serde(default, rename = "object")]
    _object: Option<IgnoredAny>,
    /// Padding against eavesdroppers who count bytes.
    #[serde(default, rename = "obfuscation")]
    _obfuscation: Option<IgnoredAny>,
    #[serde(flatten)]
    pub(super) extra: Map<String, Value>,
}

impl<C> Envelope<'_, C> {
    /// Moves what is said about the call into the metadata, and returns the token counts.
    pub(super) fn describe(&mut self, metadata: &mut ResponseMetadata) -> Option<Usage> {
        keep(&mut self.extra, &mut metadata.extra);
        let usage =
            decode_usage(&self.usage).or_else(|| decode_usage(metadata.extra.get("x_groq")?.get("usage")?));
        if is_truthy(&self.usage) {
            metadata.extra.insert("token_usage".to_owned(), self.usage.take());
        }
        usage
    }
}

/// Moves the members that say something.
pub(super) fn keep(from: &mut Map<String, Value>, to: &mut Map<String, Value>) {
    for (name, value) in std::mem::take(from) {
        let empty_list = value.as_array().is_some_and(Vec::is_empty);
        if !value.is_null() && !empty_list {
            to.insert(name, value);
        }
    }
}

/// Reads the body of a successful answer to a call without a stream.
pub(super) fn decode_body<'a, C: Deserialize<'a>>(
    body: &'a [u8],
    origin: &Origin,
) -> Result<Envelope<'a, C>> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let envelope: Envelope<'a, C> =
        serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))?;
    if is_truthy(&envelope.error) {
        return Err(decode_error_in_answer(&String::from_utf8_lossy(body), origin));
    }
    Ok(envelope)
}

/// The error for a body that is no answer. Says what it is instead, as far as that can be told.
pub(super) fn not_an_answer(body: &[u8], error: &serde_json::Error, origin: &Origin) -> Error {
    let text = String::from_utf8_lossy(body);
    if serde_json::from_slice::<Value>(body)
        .is_ok_and(|value| is_truthy(&value["error"]) || value[0].is_object())
    {
        return decode_error_in_answer(&text, origin);
    }
    if is_html(&text) {
        let excerpt = words(&origin.redactor.clean_body(&text), 200);
        let message =
            format!("the service answered with a web page, is the base URL right? It says: {excerpt}");
        return Error::new(ErrorKind::InvalidResponse, message).with_service(origin.service_error(&text));
    }
    not_decodable("the answer", &text, error, origin)
}

/// The error for a text that is not JSON, or not the JSON it should be.
pub(super) fn not_decodable(what: &str, text: &str, error: &serde_json::Error, origin: &Origin) -> Error {
    // The decoder's error may quote the text.
    let reason = origin.redactor.clean(error.to_string());
    let excerpt = words(&origin.redactor.clean_body(text), 200);
    let (kind, message) = if text.trim().is_empty() {
        (ErrorKind::Decode, format!("{what} is empty"))
    } else if error.is_data() {
        (ErrorKind::InvalidResponse, format!("{what} has not the expected shape: {reason}"))
    } else {
        (ErrorKind::Decode, format!("{what} is not JSON ({reason}): {excerpt}"))
    };
    Error::new(kind, message).with_service(origin.service_error(text))
}

/// The error for an answer without an answer in it.
pub(super) fn no_choices(body: &[u8], origin: &Origin) -> Error {
    Error::new(ErrorKind::InvalidResponse, "the answer holds no choices")
        .with_service(origin.service_error(&String::from_utf8_lossy(body)))
}
