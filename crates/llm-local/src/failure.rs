//! Errors of the file and of the computation, as Catena's.

use std::path::Path;

use catena_core::{Error, ErrorKind};

/// The maximum length, in characters, of a library's error message.
const LONGEST: usize = 300;

/// The file cannot be read as a model.
pub(crate) fn unreadable(path: &Path, error: candle_core::Error) -> Error {
    let message = format!("cannot read the model in {}: {}", path.display(), bounded(&error.to_string()));
    Error::new(ErrorKind::Config, message).with_source(error)
}

/// A GGUF file that cannot be run; `why` says what is missing or wrong in it.
pub(crate) fn malformed(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, format!("the GGUF file {}", why.into()))
}

/// A model that this crate does not support.
pub(crate) fn unsupported(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, why.into())
}

/// A computation failed, for every call that was part of it.
pub(crate) fn computation(error: candle_core::Error) -> Error {
    let message = format!("the model cannot be computed: {}", bounded(&error.to_string()));
    Error::new(ErrorKind::Other, message).with_source(error)
}

/// The worker has ended, which only a panic in it can cause.
pub(crate) fn stopped() -> Error {
    Error::new(ErrorKind::Incomplete, "the thread that runs the model has stopped; open the model again")
}

/// Truncates a text from an untrusted source.
pub(crate) fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
