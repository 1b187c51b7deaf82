//! Removes secrets from text that a service sent back.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use memchr::{memchr, memmem};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const REPLACEMENT: &str = "[redacted]";

/// Shorter keys are placeholders such as `x`, which protect nothing and occur in any text.
const SHORTEST_SECRET: usize = 4;

/// Length of the longest escape of a single byte in JSON, `\u001f`.
const LONGEST_ESCAPE: usize = 6;

/// Removes the secrets of a call from error texts. Clones are cheap; `Debug` shows nothing.
///
/// # Example
/// ```
/// use catena_http::service::Redactor;
/// let redactor = Redactor::new(["sk-123456"]);
/// assert_eq!(redactor.clean("the key sk-123456 is wrong"), "the key [redacted] is wrong");
/// ```
#[derive(Clone, Default)]
pub struct Redactor(Option<Arc<Vec<Secret>>>);

/// A secret, in plain and in JSON-escaped form.
struct Secret {
    plain: SecretString,
    /// The JSON-escaped form, if it differs.
    escaped: Option<SecretString>,
}

impl Redactor {
    /// Creates a redactor of these texts.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().map(str::trim).filter(|secret| secret.len() >= SHORTEST_SECRET);
        let secrets: Vec<Secret> = secrets.map(Secret::new).collect();
        Self((!secrets.is_empty()).then(|| Arc::new(secrets)))
    }

    /// Creates a redactor of a key and these other texts.
    pub(super) fn of(key: Option<&SecretString>, others: &[SecretString]) -> Self {
        Self::new(key.into_iter().chain(others).map(ExposeSecret::expose_secret))
    }

    /// Returns the text without the secrets. A service's own masked form (`sk-ab***1234`) is kept.
    pub fn clean(&self, text: impl Into<String>) -> String {
        let mut text = text.into();
        for form in self.forms() {
            if text.contains(form.expose_secret()) {
                text = text.replace(form.expose_secret(), REPLACEMENT);
            }
        }
        text
    }

    fn finds_in(&self, text: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|secrets| secrets.iter().any(|secret| secret.is_in(text)))
    }

    fn forms(&self) -> impl Iterator<Item = &SecretString> {
        let secrets = self.0.iter().flat_map(|secrets| secrets.iter());
        secrets.flat_map(|secret| std::iter::once(&secret.plain).chain(&secret.escaped))
    }

    /// Returns a body without the secrets, however its JSON escapes their characters.
    pub fn clean_body(&self, body: &str) -> String {
        let json = self.0.as_ref().and_then(|_| serde_json::from_str::<Value>(body).ok());
        let plain = json.map(|json| json.to_string());
        let cleaned = plain.as_deref().map(|plain| self.clean(plain));
        match cleaned {
            // Re-encoded only if it contained a secret.
            Some(cleaned) if Some(&cleaned) != plain.as_ref() => cleaned,
            _ => self.clean(body),
        }
    }

    /// Redacts the headers of a response.
    pub(super) fn clean_headers(&self, headers: &Arc<HeaderMap>) -> Arc<HeaderMap> {
        let holds_secret = |value: &HeaderValue| self.finds_in(value.as_bytes());
        if self.0.is_none() || !headers.values().any(holds_secret) {
            return Arc::clone(headers);
        }
        let mut headers = HeaderMap::clone(headers);
        for value in headers.values_mut().filter(|value| holds_secret(value)) {
            let cleaned = HeaderValue::try_from(self.clean(String::from_utf8_lossy(value.as_bytes())));
            *value = cleaned.unwrap_or(HeaderValue::from_static(REPLACEMENT));
        }
        Arc::new(headers)
    }
}

impl Secret {
    fn new(secret: &str) -> Self {
        Self { plain: secret.into(), escaped: escaped(secret) }
    }

    /// Called for the headers of every response. Most are shorter than a secret or lack its first character, so that
    /// nothing has to be searched.
    fn is_in(&self, text: &[u8]) -> bool {
        let finds = |form: &SecretString| {
            let form = form.expose_secret().as_bytes();
            let may = text.len() >= form.len() && memchr(form[0], text).is_some();
            may && memmem::find(text, form).is_some()
        };
        finds(&self.plain) || self.escaped.as_ref().is_some_and(finds)
    }
}

/// Returns the JSON-escaped form of a secret, if it differs.
fn escaped(secret: &str) -> Option<SecretString> {
    // Large enough for any escapes: if it had to grow, it would leave an unwiped copy behind.
    let mut quoted = Zeroizing::new(Vec::with_capacity(secret.len() * LONGEST_ESCAPE + 2));
    serde_json::to_writer(&mut *quoted, secret).ok()?;
    let escaped = std::str::from_utf8(&quoted[1..quoted.len() - 1]).ok()?;
    (escaped != secret).then(|| escaped.into())
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, text: &str, expected: &str) {
        assert_eq!(Redactor::new([key]).clean_body(text), expected);
    }

    #[test]
    fn takes_out_the_key_and_nothing_else() {
        check("sk-123456", "key sk-123456, sk-123456!", "key [redacted], [redacted]!");
        check("sk-123456", "key sk-1***56", "key sk-1***56");
        check("x", "an example", "an example");
        assert_eq!(Redactor::default().clean_body("sk-123456"), "sk-123456");
    }

    #[test]
    fn escapes_do_not_hide_the_key() {
        check(r#"sk-"12""#, r#"{ "a": "sk-\"12\"" }"#, r#"{"a":"[redacted]"}"#);
        check("sk/12", r#"["sk\/12"]"#, r#"["[redacted]"]"#);
        check("sk-12", r#"["s\u006b-12"]"#, r#"["[redacted]"]"#);
        check(r#"sk-"12""#, r#"{ "cut": "sk-\"12\""#, r#"{ "cut": "[redacted]"#);
        check("sk-12", r#"{ "a": 1 }"#, r#"{ "a": 1 }"#);
        check("s\u{1}\\é12", r#"{ "cut": "s\u0001\\é12\""#, r#"{ "cut": "[redacted]\""#);
    }
}
