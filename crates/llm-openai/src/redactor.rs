//! Takes the key out of texts that a service sent back.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

const REPLACEMENT: &str = "[redacted]";

/// Shorter keys are placeholders such as `x`, which protect nothing and occur in every text.
const SHORTEST_SECRET: usize = 4;

/// Knows the key of a client, to remove it from error texts. A cheap clone.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<Arc<SecretString>>);

impl Redactor {
    pub(crate) fn new(key: Option<SecretString>) -> Self {
        Self(key.filter(|key| key.expose_secret().len() >= SHORTEST_SECRET).map(Arc::new))
    }

    /// The text without the key. OpenAI's own masked form (`sk-ab***1234`) stays.
    pub(crate) fn clean(&self, text: impl Into<String>) -> String {
        let text = text.into();
        match &self.0 {
            Some(key) if text.contains(key.expose_secret()) => text.replace(key.expose_secret(), REPLACEMENT),
            _ => text,
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
    fn check(key: Option<&str>, text: &str, expected: &str) {
        assert_eq!(Redactor::new(key.map(SecretString::from)).clean(text), expected);
    }

    #[test]
    fn takes_out_the_key_and_nothing_else() {
        check(Some("sk-123456"), "key sk-123456, sk-123456!", "key [redacted], [redacted]!");
        check(Some("sk-123456"), "key sk-1***56", "key sk-1***56");
        check(Some("x"), "an example", "an example");
        check(None, "sk-123456", "sk-123456");
    }
}
