//! Responses of the service's other endpoints.

use catena_core::{ErrorKind, Result};
use catena_http::service::Origin;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::envelope::decode_as;
use super::error::error_in_body;
use super::lenient::is_truthy;

/// Decodes an object.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for another shape, or the error that the body contains.
pub(crate) fn decode_object<T: DeserializeOwned>(body: &[u8], origin: &Origin) -> Result<T> {
    let value: Value = decode_as(body, origin)?;
    check_error(&value["error"], body, origin)?;
    decode_as(body, origin)
}

/// Treats a response with an `error` as an error.
///
/// # Errors
/// The error that the body contains.
pub(super) fn check_error(error: &Value, body: &[u8], origin: &Origin) -> Result<()> {
    if is_truthy(error) {
        return Err(error_in_body(ErrorKind::InvalidResponse, &String::from_utf8_lossy(body), origin));
    }
    Ok(())
}
