//! What is wrong with a text that is no JSON.

use super::mark::Failure;
use crate::{Error, ErrorKind};

/// How many bytes of the text are shown before and behind the place where it fails.
const AROUND: usize = 200;

/// The error for a text without a value.
pub(super) fn invalid(text: &str, failure: Failure) -> Error {
    let before = &text[..boundary(text, failure.at)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let found = match text[before.len()..].chars().next() {
        Some(found) if found.is_control() => format!("`{}`", found.escape_default()),
        Some(found) => format!("`{found}`"),
        None => "the end".to_owned(),
    };
    let expected = failure.expected;
    let message = if text.trim().is_empty() {
        "invalid JSON output: the text is empty".to_owned()
    } else {
        format!(
            "invalid JSON output: expected {expected}, found {found} at line {line}, column {column} of: {}",
            excerpt(text, before.len())
        )
    };
    Error::new(ErrorKind::Parse, message)
}

/// The text, or the part around the byte `at` of a long one.
fn excerpt(text: &str, at: usize) -> String {
    let from = if at <= AROUND * 2 { 0 } else { boundary(text, at - AROUND) };
    let to = if text.len() - at <= AROUND * 2 { text.len() } else { boundary(text, at + AROUND) };
    let dots = |cut| if cut { "…" } else { "" };
    format!("{}{}{}", dots(from > 0), &text[from..to], dots(to < text.len()))
}

/// The byte, or the first one before it where a character begins.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
