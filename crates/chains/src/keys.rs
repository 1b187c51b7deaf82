//! Names of inputs and outputs, and what is said when they do not fit.

use catena_core::{Data, Error, ErrorKind, Record};

/// The names in backticks, for messages to people.
pub(crate) fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// An input or output that does not fit.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message.into())
}

/// An input that is not there.
pub(crate) fn missing(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::MissingKey, message.into())
}

/// A chain that is put together wrongly.
pub(crate) fn misbuilt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message.into())
}

/// The text of a value as a person reads it: texts and messages as they are, all else as JSON.
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

/// The values of these names that are there, in this order.
pub(crate) fn only(record: &Record, names: &[String]) -> Record {
    names.iter().filter_map(|name| Some((name.clone(), record.get(name)?.clone()))).collect()
}

/// All values but those of these names.
pub(crate) fn without(record: &Record, names: &[String]) -> Record {
    let kept = record.iter().filter(|(name, _)| !names.iter().any(|other| other == name));
    kept.map(|(name, value)| (name, value.clone())).collect()
}
