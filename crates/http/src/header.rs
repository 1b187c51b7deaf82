//! Parsing of headers, some of which are secrets.

use bytes::Bytes;
use catena_core::__private::names_secret;
use catena_core::{Error, ErrorKind, Result};
use http::header::InvalidHeaderValue;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Parses a header. If its name marks it as a key, its value is [secret](parse_secret_header). Errors do not show the
/// value.
pub(crate) fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    if names_secret(name) {
        return parse_secret_header(name, value.into());
    }
    let name = parse_name(name)?;
    let value = HeaderValue::from_str(value).map_err(|error| bad_value(&name, error))?;
    Ok((name, value))
}

/// Parses a header whose value `Debug` does not show, and whose memory is wiped. Errors do not show it either.
pub(crate) fn parse_secret_header(name: &str, value: SecretString) -> Result<(HeaderName, HeaderValue)> {
    let name = parse_name(name)?;
    let value = secret_value(value).map_err(|error| bad_value(&name, error))?;
    Ok((name, value))
}

/// Returns a header value that `Debug` does not show, and whose memory is wiped.
pub(crate) fn secret_value(text: SecretString) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Wiped(text)))?;
    value.set_sensitive(true);
    Ok(value)
}

fn parse_name(name: &str) -> Result<HeaderName> {
    name.parse().map_err(|error: http::header::InvalidHeaderName| {
        let message = format!("`{}` is not a header name", name.escape_debug());
        Error::new(ErrorKind::Config, message).with_source(error)
    })
}

fn bad_value(name: &HeaderName, cause: InvalidHeaderValue) -> Error {
    let message = format!(
        "the value of the header `{name}` holds characters that HTTP does not allow; look for a line break or a \
         control character, often at its end"
    );
    Error::new(ErrorKind::Config, message).with_source(cause)
}

/// The text of a header. Its memory is wiped when the last copy of the header is dropped.
struct Wiped(SecretString);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}
