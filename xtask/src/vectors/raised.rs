//! Errors by the kinds that vectors know.

use std::error::Error as _;
use std::fmt;

use catena::{Error, ErrorKind};

/// The kinds of section 1 of the grammar.
pub(super) const KINDS: [&str; 15] = [
    "missing_key",
    "value_error",
    "validation",
    "type_error",
    "index",
    "not_implemented",
    "output_parser",
    "json_decode",
    "xml_syntax",
    "template_syntax",
    "undefined",
    "security",
    "recursion_limit",
    "runtime_error",
    "fake_model_error",
];

/// The exact kind of an error that a test function or a fake model made: the source of that error.
#[derive(Debug, Clone)]
struct Raised(String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "raised as {}", self.0)
    }
}

impl std::error::Error for Raised {}

/// An error of exactly this kind.
pub(super) fn raise(kind: &str, message: impl Into<String>) -> Error {
    let nearest = match kind {
        "missing_key" => ErrorKind::MissingKey,
        "value_error" | "validation" | "type_error" | "index" => ErrorKind::InvalidInput,
        "not_implemented" => ErrorKind::Unsupported,
        "output_parser" | "json_decode" | "xml_syntax" => ErrorKind::Parse,
        "recursion_limit" => ErrorKind::RecursionLimit,
        _ => ErrorKind::Other,
    };
    Error::new(nearest, message.into()).with_source(Raised(kind.to_owned()))
}

/// True if the error is of this kind: exactly for one that was [raised](raise), else as far as catena tells kinds apart.
pub(super) fn is(error: &Error, kind: &str) -> bool {
    match exact(error) {
        Some(exact) => exact == kind || (invalid(exact) && invalid(kind)),
        None => kinds(error.kind()).contains(&kind),
    }
}

/// The kind of an error, the likeliest where catena does not tell.
pub(super) fn name(error: &Error) -> &str {
    exact(error).unwrap_or_else(|| kinds(error.kind()).first().copied().unwrap_or("runtime_error"))
}

fn exact(error: &Error) -> Option<&str> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(Raised(kind)) = cause.downcast_ref() {
            return Some(kind);
        }
        source = cause.source();
    }
    None
}

/// Both mean an invalid argument or configuration.
fn invalid(kind: &str) -> bool {
    matches!(kind, "value_error" | "validation")
}

/// What an error of catena may be in Python.
fn kinds(kind: ErrorKind) -> &'static [&'static str] {
    match kind {
        ErrorKind::Config => &["value_error", "validation", "type_error", "index"],
        ErrorKind::InvalidInput => &["value_error", "type_error", "validation", "index"],
        ErrorKind::Template => &["template_syntax", "value_error", "validation", "security", "undefined"],
        ErrorKind::MissingKey => &["missing_key"],
        ErrorKind::Unsupported => &["not_implemented", "value_error"],
        // LangChain's parsers raise what is a ValueError too, some of them nothing more precise.
        ErrorKind::Parse => &["output_parser", "json_decode", "xml_syntax", "value_error", "validation"],
        ErrorKind::RecursionLimit => &["recursion_limit"],
        ErrorKind::InvalidResponse => &["value_error"],
        _ => &["runtime_error"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raised_errors_are_of_one_kind_and_others_of_what_fits() {
        let raised = raise("type_error", "x").at(catena::Segment::Seq(1));
        assert!(is(&raised, "type_error") && !is(&raised, "value_error"));
        assert!(is(&raise("value_error", "x"), "validation"));
        assert_eq!(name(&raised), "type_error");
        let own = Error::new(ErrorKind::InvalidInput, "x");
        assert!(is(&own, "type_error") && is(&own, "value_error") && !is(&own, "missing_key"));
    }
}
