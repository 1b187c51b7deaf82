//! Content encodings: which are asked for, and how a body is read that has one.

use bytes::Bytes;
use catena_core::Result;
use futures_core::Stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::response::Parts;

use crate::body::Body;
use crate::failure;

/// A body without its encoding. The headers are changed so that they describe what is returned. Of a failure whose body
/// cannot be read the status is left, which says the most, and no body.
///
/// # Errors
/// For an encoding that cannot be read.
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
        // Of no length there is nothing to decode.
        Some(_) if headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0") => Ok(Body::empty()),
        Some(_) if !head.status.is_success() => {
            headers.remove(CONTENT_ENCODING);
            headers.remove(CONTENT_LENGTH);
            Ok(Body::empty())
        }
        Some(other) => Err(failure::unknown_encoding(&server(), &String::from_utf8_lossy(other))),
    }
}
