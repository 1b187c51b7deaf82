//! Conversion of jinja2 errors.

use minijinja::ErrorKind as Kind;

use crate::{Error, ErrorKind};

/// The maximum length of an excerpt of the template in a message.
const EXCERPT: usize = 60;

/// Creates the error for a template that cannot be parsed.
pub(super) fn malformed(source: &str, error: minijinja::Error) -> Error {
    let place = match error.range().and_then(|range| source.get(..range.start)) {
        Some(before) => format!("character {}", before.chars().count() + 1),
        None => format!("line {}", error.line().unwrap_or(1)),
    };
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    Error::new(ErrorKind::Template, format!("template, {place}: {what}")).with_source(error)
}

/// Creates the error for a template that cannot be rendered with its values.
pub(super) fn while_filling(error: minijinja::Error) -> Error {
    let kind = match error.kind() {
        Kind::InvalidOperation | Kind::CannotUnpack | Kind::NonPrimitive | Kind::NonKey => {
            ErrorKind::InvalidInput
        }
        _ => ErrorKind::Template,
    };
    let what = match error.kind() {
        Kind::OutOfFuel => "rendering takes too many steps, or the output is too long".to_owned(),
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    let line = error.line().unwrap_or(1);
    let place = match excerpt(&error) {
        Some(excerpt) => format!("line {line}, `{excerpt:.EXCERPT$}`"),
        None => format!("line {line}"),
    };
    Error::new(kind, format!("template, {place}: {what}")).with_source(error)
}

/// Returns the part of the template that failed.
fn excerpt(error: &minijinja::Error) -> Option<&str> {
    error.template_source()?.get(error.range()?)
}
