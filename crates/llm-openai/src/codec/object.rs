//! Objects of the service's other endpoints, and lists of them.

use catena_core::{Error, ErrorKind, Result};
use catena_http::service::read_mended;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::envelope::{not_an_answer, not_decodable};
use super::error::decode_error_in_answer;
use super::lenient::{count, is_truthy};
use super::origin::Origin;

/// Decodes an object.
///
/// # Errors
/// `Decode` for what is not JSON, `InvalidResponse` for another object, or the error that the body contains.
pub(crate) fn decode_object<T: DeserializeOwned>(body: &[u8], origin: &Origin) -> Result<T> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let object: Value = serde_json::from_slice(body).map_err(|error| not_an_answer(body, &error, origin))?;
    if is_truthy(&object["error"]) {
        return Err(decode_error_in_answer(&String::from_utf8_lossy(body), origin));
    }
    serde_json::from_value(object).map_err(|error| {
        not_decodable("the answer", &String::from_utf8_lossy(body), &error, ErrorKind::Decode, origin)
    })
}

/// Parses any JSON, even with unpaired surrogates. `None` if it is invalid.
pub(super) fn read_value(json: &str) -> Option<Value> {
    let read =
        |json: &[u8]| serde_json::from_slice(json).map_err(|_| Error::new(ErrorKind::Decode, "no JSON"));
    read_mended(json.as_bytes(), read).ok()
}

/// Deserializes a number, whole or not; anything else counts as absent.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(Some(&value).filter(|value| value.is_number()).and_then(|value| count(Some(value))))
}

/// Like [`number`], with zero for absent values.
pub(crate) fn number_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    number(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes a text; anything else counts as absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Deserializes a value of any type, with `null` as its default.
pub(crate) fn null_is_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::origin;
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Thing {
        id: String,
        #[serde(default, deserialize_with = "number")]
        size: Option<u64>,
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
    }

    #[test]
    fn members_are_read_in_any_form() {
        for (body, size, name) in [
            (r#"{"id":"a"}"#, None, None),
            (r#"{"id":"a","size":1.0,"name":"n","error":null}"#, Some(1), Some("n")),
            (r#"{"id":"a","size":null,"name":null}"#, None, None),
            (r#"{"id":"a","size":"1","name":1}"#, None, None),
        ] {
            let thing = decode_object::<Thing>(body.as_bytes(), &origin()).expect(body);
            assert_eq!(thing, Thing { id: "a".into(), size, name: name.map(Into::into) });
        }
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for (body, kind, part) in [
            ("", ErrorKind::Decode, "empty"),
            ("{", ErrorKind::Decode, "not JSON"),
            ("[]", ErrorKind::InvalidResponse, "shape"),
            ("{}", ErrorKind::InvalidResponse, "id"),
            (r#"{"error":{"message":"gone"}}"#, ErrorKind::InvalidResponse, "gone"),
            ("<html>Sign in", ErrorKind::InvalidResponse, "Sign in"),
        ] {
            let error = decode_object::<Thing>(body.as_bytes(), &origin()).expect_err(body);
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
