//! Responses that are not answers.

use catena_core::{Error, ErrorKind};
use catena_http::service::{is_html, words};
use serde_json::Value;

use super::error::error_in_answer;
use super::origin::Origin;

/// The error for a body that is no message. Says what it is instead, as far as that can be told.
pub(super) fn not_an_answer(body: &[u8], error: &serde_json::Error, origin: &Origin) -> Error {
    let text = String::from_utf8_lossy(body);
    if serde_json::from_slice::<Value>(body).is_ok_and(|value| is_error(&value)) {
        return error_in_answer(&text, origin);
    }
    if is_html(&text) {
        let excerpt = words(&origin.redactor.clean_body(&text), 200);
        let message = format!("the service returned an HTML page, check the base URL: {excerpt}");
        return Error::new(ErrorKind::InvalidResponse, message).with_service(origin.service_error(&text));
    }
    not_decodable("the answer", &text, error, origin)
}

fn is_error(value: &Value) -> bool {
    value["type"] == "error" || value["error"].is_object() || value["error"].is_string()
}

/// Returns the error for a text that is not JSON, or not the expected JSON.
pub(super) fn not_decodable(what: &str, text: &str, error: &serde_json::Error, origin: &Origin) -> Error {
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
