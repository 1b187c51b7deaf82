//! Validation of `pattern`, which requires the `regex` feature.

use serde_json::{Map, Value};

/// The compiled expressions of one validation.
#[derive(Default)]
pub(super) struct Patterns<'s> {
    #[cfg(feature = "regex")]
    read: std::collections::HashMap<&'s str, Option<fancy_regex::Regex>>,
    #[cfg(not(feature = "regex"))]
    none: std::marker::PhantomData<&'s str>,
}

#[cfg(feature = "regex")]
impl<'s> Patterns<'s> {
    /// Returns what the text was expected to be, if it does not match. A search that backtracks too much does not
    /// match.
    pub(super) fn broken(&mut self, schema: &'s Map<String, Value>, value: &Value) -> Option<String> {
        let (Some(Value::String(pattern)), Value::String(text)) = (schema.get("pattern"), value) else {
            return None;
        };
        let regex = self.read.entry(pattern).or_insert_with(|| fancy_regex::Regex::new(pattern).ok());
        // Invalid expressions have been rejected beforehand.
        let found = regex.as_ref()?.is_match(text).unwrap_or(false);
        (!found).then(|| format!("a string that matches `{pattern:.100}`"))
    }
}

#[cfg(not(feature = "regex"))]
impl<'s> Patterns<'s> {
    pub(super) fn broken(&mut self, _: &'s Map<String, Value>, _: &Value) -> Option<String> {
        let _ = self.none;
        None
    }
}

/// Returns why this rule cannot be checked, if it cannot.
#[cfg(feature = "regex")]
pub(super) fn unchecked(pattern: &Value) -> Option<String> {
    let Value::String(pattern) = pattern else { return Some("its `pattern` is not a string".to_owned()) };
    let error = fancy_regex::Regex::new(pattern).err()?;
    Some(format!("its `pattern` `{pattern:.100}` is not a valid regular expression: {error:.200}"))
}

#[cfg(not(feature = "regex"))]
pub(super) fn unchecked(_: &Value) -> Option<String> {
    Some("its keyword `pattern` requires the feature `regex`".to_owned())
}
