//! Takes the key out of texts that a service sent back.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const REPLACEMENT: &str = "[redacted]";

/// Shorter keys are placeholders such as `x`, which protect nothing and occur in every text.
const SHORTEST_SECRET: usize = 4;

/// Knows the key of a client, to remove it from error texts. A cheap clone.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<Arc<Forms>>);

/// The key as it is, and as JSON writes it.
struct Forms([SecretString; 2]);

impl Redactor {
    pub(crate) fn new(key: Option<&SecretString>) -> Self {
        let key = key.map(ExposeSecret::expose_secret).filter(|key| key.len() >= SHORTEST_SECRET);
        Self(key.map(|key| {
            let quoted = Value::from(key).to_string();
            let escaped = &quoted[1..quoted.len() - 1];
            Arc::new(Forms([SecretString::from(key), SecretString::from(escaped)]))
        }))
    }

    /// The text without the key. OpenAI's own masked form (`sk-ab***1234`) stays.
    pub(crate) fn clean(&self, text: impl Into<String>) -> String {
        let mut text = text.into();
        for form in self.0.iter().flat_map(|forms| &forms.0) {
            if text.contains(form.expose_secret()) {
                text = text.replace(form.expose_secret(), REPLACEMENT);
            }
        }
        text
    }

    /// A body without the key, in whatever way its JSON writes the characters of the key.
    pub(crate) fn clean_body(&self, body: &str) -> String {
        let json = self.0.as_ref().and_then(|_| serde_json::from_str::<Value>(body).ok());
        let plain = json.map(|json| json.to_string());
        let cleaned = plain.as_deref().map(|plain| self.clean(plain));
        match cleaned {
            // Written anew only if there was a key in it.
            Some(cleaned) if Some(&cleaned) != plain.as_ref() => cleaned,
            _ => self.clean(body),
        }
    }
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
        assert_eq!(Redactor::new(Some(&key.into())).clean_body(text), expected);
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
    }
}
