//! Helpers for the names of inputs and outputs, and their errors.

use catena_core::{Data, Error, ErrorKind, Record};

/// Lists names in backticks, for error messages.
pub(crate) fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// Creates the error for an invalid input or output.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message.into())
}

/// Creates the error for a missing input.
pub(crate) fn missing(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::MissingKey, message.into())
}

/// Creates the error for an incorrectly built chain.
pub(crate) fn misbuilt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message.into())
}

/// Returns the text of a value: that of texts and messages, JSON for other values.
pub(crate) fn text_of(value: &Data) -> String {
    match value {
        Data::Null => String::new(),
        Data::Message(message) => message.text().into_owned(),
        other => match other.as_text() {
            Some(text) => text.to_owned(),
            None => other.clone().into_json().to_string(),
        },
    }
}

/// Returns the values with these names that are present, in this order.
pub(crate) fn only(record: &Record, names: &[String]) -> Record {
    names.iter().filter_map(|name| Some((name.clone(), record.get(name)?.clone()))).collect()
}

/// Returns all values except those with these names.
pub(crate) fn without(record: &Record, names: &[String]) -> Record {
    let kept = record.iter().filter(|(name, _)| !names.iter().any(|other| other == name));
    kept.map(|(name, value)| (name, value.clone())).collect()
}
