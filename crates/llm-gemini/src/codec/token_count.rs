//! Token counting: `POST /models/{model}:countTokens`.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::Origin;
use serde_json::{Value, json};

use super::chat_request::ChatRequest;
use super::lenient::count;
use super::model_name::resource;
use super::object::decode_object;

/// Encodes a request for the token count of a whole request: messages, instruction and tools.
///
/// # Errors
/// JSON errors only, which an encoded request cannot cause.
pub(crate) fn encode_count(request: &ChatRequest) -> Result<Vec<u8>> {
    let written = |error: serde_json::Error| {
        Error::new(ErrorKind::InvalidInput, format!("the request cannot be serialized as JSON: {error}"))
    };
    let mut body: Value = serde_json::from_slice(&request.body).map_err(written)?;
    body["model"] = resource(&request.model).into();
    serde_json::to_vec(&json!({ "generateContentRequest": body })).map_err(written)
}

/// Decodes the count.
///
/// # Errors
/// `InvalidResponse` for a response without one.
pub(crate) fn decode_count(body: &[u8], origin: &Origin) -> Result<u64> {
    let answer: Value = decode_object(body, origin)?;
    count(answer.get("totalTokens")).ok_or_else(|| {
        Error::new(ErrorKind::InvalidResponse, "the response contains no token count")
            .with_service(origin.service_error(&String::from_utf8_lossy(body)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;

    #[test]
    fn the_whole_request_is_counted() {
        let request = ChatRequest { model: "m".into(), body: br#"{"contents":[],"tools":[1]}"#.to_vec() };
        let body: Value = serde_json::from_slice(&encode_count(&request).expect("a body")).expect("JSON");
        assert_eq!(
            body,
            json!({"generateContentRequest": {"model": "models/m", "contents": [], "tools": [1]}})
        );
    }

    #[test]
    fn counts_are_read() {
        assert_eq!(decode_count(br#"{"totalTokens":31}"#, &origin()).expect("a count"), 31);
        for (body, kind) in [
            ("{}", ErrorKind::InvalidResponse),
            ("", ErrorKind::Decode),
            (r#"{"error":{"code":404,"message":"m"}}"#, ErrorKind::NotFound),
        ] {
            assert_eq!(decode_count(body.as_bytes(), &origin()).expect_err(body).kind(), kind);
        }
    }
}
