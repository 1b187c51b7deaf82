//! The metadata of a GGUF file, key by key.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;
use catena_core::Result;

use crate::failure::malformed;

/// The metadata of a GGUF file. Absent keys are `None`; values of the wrong type are errors.
#[derive(Clone, Copy)]
pub(crate) struct Metadata<'a>(pub(crate) &'a HashMap<String, Value>);

impl<'a> Metadata<'a> {
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>> {
        self.read(key, "text", |value| match value {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        })
    }

    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>> {
        self.read(key, "truth value", |value| value.to_bool().ok())
    }

    pub(crate) fn float(&self, key: &str) -> Result<Option<f32>> {
        self.read(key, "number", |value| match value {
            Value::F64(number) => Some(*number as f32),
            value => value.to_f32().ok().or_else(|| whole(value).map(|number| number as f32)),
        })
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<usize>> {
        self.read(key, "whole number", whole)
    }

    /// Reads a required number that is not 0.
    pub(crate) fn count(&self, key: &str) -> Result<usize> {
        match self.number(key)? {
            Some(0) => Err(malformed(format!("says that `{key}` is 0"))),
            Some(number) => Ok(number),
            None => Err(malformed(format!("lacks `{key}`"))),
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<&'a str>>> {
        let text = |value: &'a Value| match value {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        };
        self.list(key, "list of texts", text)
    }

    pub(crate) fn numbers(&self, key: &str) -> Result<Option<Vec<usize>>> {
        self.list(key, "list of whole numbers", whole)
    }

    pub(crate) fn floats(&self, key: &str) -> Result<Option<Vec<f32>>> {
        self.list(key, "list of numbers", |value| value.to_f32().ok())
    }

    fn list<T>(
        &self,
        key: &str,
        what: &str,
        item: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>> {
        self.read(key, what, |value| match value {
            Value::Array(values) => values.iter().map(item).collect(),
            _ => None,
        })
    }

    fn read<T>(&self, key: &str, what: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| malformed(format!("has a `{key}` that is no {what}")))
    }
}

/// Writers use different integer widths.
fn whole(value: &Value) -> Option<usize> {
    match value {
        Value::U8(number) => Some((*number).into()),
        Value::U16(number) => Some((*number).into()),
        Value::U32(number) => usize::try_from(*number).ok(),
        Value::U64(number) => usize::try_from(*number).ok(),
        Value::I8(number) => usize::try_from(*number).ok(),
        Value::I16(number) => usize::try_from(*number).ok(),
        Value::I32(number) => usize::try_from(*number).ok(),
        Value::I64(number) => usize::try_from(*number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use catena_core::ErrorKind;

    #[test]
    fn reads_what_is_there_and_complains_of_what_is_wrong() {
        let values = [
            ("n", Value::I64(7)),
            ("zero", Value::U32(0)),
            ("negative", Value::I32(-1)),
            ("t", Value::String("x".into())),
            ("list", Value::Array(vec![Value::String("a".into()), Value::U8(1)])),
        ];
        let values = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let metadata = Metadata(&values);
        assert_eq!(metadata.number("n").unwrap(), Some(7));
        assert_eq!(metadata.float("n").unwrap(), Some(7.0));
        assert_eq!(metadata.text("t").unwrap(), Some("x"));
        assert_eq!(metadata.text("absent").unwrap(), None);
        for error in [
            metadata.count("zero").unwrap_err(),
            metadata.count("absent").unwrap_err(),
            metadata.number("negative").unwrap_err(),
            metadata.number("t").unwrap_err(),
            metadata.text("n").unwrap_err(),
            metadata.texts("list").unwrap_err(),
            metadata.texts("t").unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
    }
}
