//! Content encodings: which to request, and how to decode an encoded body.

use bytes::Bytes;
use catena_core::Result;
use futures_core::Stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::response::Parts;

use crate::body::Body;
use crate::failure;

/// Decodes a body, and adjusts the headers to describe the result. If the body of an error response cannot be decoded,
/// only its status, the most important part, is kept, with an empty body.
///
/// # Errors
/// For an encoding that is not supported.
pub(crate) fn decode(
    body: impl Stream<Item = Result<Bytes>> + Send + 'static,
    head: &mut Parts,
    server: impl Fn() -> String,
) -> Result<Body> {
    let headers = &mut head.headers;
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    match encoding.as_deref() {
        None | Some(b"" | b"identity") => Ok(Body::from_stream(body)),
        #[cfg(feature = "gzip")]
        Some(b"gzip" | b"x-gzip") => {
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
            Ok(Body::from_stream(crate::gzip::Gunzip::new(body, server())))
        }
        // An empty body needs no decoding.
        Some(_) if headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0") => Ok(Body::empty()),
        Some(_) if !head.status.is_success() => {
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
            Ok(Body::empty())
        }
        Some(other) => Err(failure::unknown_encoding(&server(), &String::from_utf8_lossy(other))),
    }
}
