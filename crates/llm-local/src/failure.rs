//! Errors of the file and of the mathematics, as catena's.

use std::path::Path;

use catena_core::{Error, ErrorKind};

/// Of what a library says, no more than this many characters.
const LONGEST: usize = 300;

/// The file cannot be read as a model.
pub(crate) fn unreadable(path: &Path, error: candle_core::Error) -> Error {
    let message = format!("cannot read the model in {}: {}", path.display(), bounded(&error.to_string()));
    Error::new(ErrorKind::Config, message).with_source(error)
}

/// The file is a GGUF file, but not one that can be run; `why` says what is missing or wrong in it.
pub(crate) fn malformed(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, format!("the GGUF file {}", why.into()))
}

/// The file holds a model that this crate does not know how to run.
pub(crate) fn unsupported(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, why.into())
}

/// A computation failed, for all who were part of it.
pub(crate) fn computation(error: candle_core::Error) -> Error {
    let message = format!("the model cannot be computed: {}", bounded(&error.to_string()));
    Error::new(ErrorKind::Other, message).with_source(error)
}

/// The worker is gone, which only a panic in it can bring about.
pub(crate) fn stopped() -> Error {
    Error::new(ErrorKind::Incomplete, "the thread that runs the model has stopped; open the model again")
}

/// The beginning of a text that somebody else wrote.
pub(crate) fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
