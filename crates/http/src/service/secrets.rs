//! The secrets among the headers and query parameters of a call, which errors must not show.

use std::iter;

use catena_core::__private::names_secret;
use http::HeaderMap;
use secrecy::SecretString;

use super::call::percent_encode;

/// Returns the words in secret headers, without the name of an authentication scheme such as `Bearer`.
pub(super) fn secrets_in(headers: &HeaderMap) -> Vec<SecretString> {
    let secret = headers.iter().filter(|(name, _)| names_secret(name.as_str()));
    let values = secret.filter_map(|(name, value)| Some((name, value.to_str().ok()?.trim())));
    let words = values.flat_map(|(name, value)| {
        let has_scheme = name.as_str().ends_with("authorization") && value.contains(' ');
        value.split_whitespace().skip(usize::from(has_scheme))
    });
    words.map(SecretString::from).collect()
}

/// Returns the values of secret query parameters, as given and as they appear in the URL.
pub(super) fn secrets_in_query(query: &[(String, String)]) -> Vec<SecretString> {
    let secret = query.iter().filter(|(name, _)| is_secret_parameter(name));
    secret.flat_map(|(_, value)| forms(value, percent_encode(value))).collect()
}

/// Returns the values of secret parameters of a URL's query, as they appear in it and decoded.
pub(super) fn secrets_in_url_query(query: &str) -> Vec<SecretString> {
    let parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    let secret = parameters.filter(|(name, _)| is_secret_parameter(&percent_decode(name)));
    secret.flat_map(|(_, value)| forms(value, percent_decode(value))).collect()
}

fn forms(given: &str, other: String) -> impl Iterator<Item = SecretString> {
    let other = (other != given).then(|| other.into());
    iter::once(given.into()).chain(other)
}

/// A query may also carry the key of an Azure function as `code`.
fn is_secret_parameter(name: &str) -> bool {
    name == "code" || names_secret(name)
}

/// Decodes percent-encoded bytes, and keeps what is not properly encoded.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let decoded = others.get(..2).filter(|_| first == b'%').and_then(hex_byte);
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &[&str]) {
        let secrets = secrets_in_url_query(query);
        let secrets: Vec<_> = secrets.iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(secrets, expected, "{query}");
    }

    #[test]
    fn secret_parameters_are_told_by_their_names() {
        check("", &[]);
        check("api-version=2024-10-21&n=1&flag&pageToken=abcd", &[]);
        check("key=abcd&n=1", &["abcd"]);
        check("a=b&api%5Fkey=x%2By&code=z", &["x%2By", "x+y", "z"]);
        check("token=100%&sig=%zz%4", &["100%", "%zz%4"]);
        check("key=%C3%A9%FF", &["%C3%A9%FF", "é\u{FFFD}"]);
    }
}
