//! Details of a parsing failure.

use std::borrow::Cow;
use std::fmt;

use crate::{Error, ErrorKind};

/// The number of bytes of the answer shown before and after the position of the failure.
const AROUND: usize = 200;

/// The maximum length of the stored expectation, in bytes; an application may define very many names.
const EXPECTED: usize = 2_000;

/// The details of a parsing failure: the answer, the position where parsing stopped and what was expected there. It is
/// part of an error of the kind [`Parse`](ErrorKind::Parse); see [`Error::parse_failure`]. In an error of the kind
/// [`Refusal`](ErrorKind::Refusal), it holds the text of the refusal.
///
/// The error message shows only the part of the answer around the position. This type holds the whole answer, so that
/// the model can be asked again or the answer logged.
///
/// # Example
/// ```
/// use catena_core::{JsonOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let error = JsonOutputParser.invoke("{\"a\": 1,\n\"b\": x}").await.unwrap_err();
/// let failure = error.parse_failure().unwrap();
/// assert_eq!((failure.line(), failure.column()), (Some(2), Some(6)));
/// assert_eq!(failure.expected(), "a value");
/// assert!(failure.answer().ends_with("x}"));
/// # });
/// ```
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "OutputParserException")]
pub struct ParseFailure {
    answer: String,
    expected: Cow<'static, str>,
    offset: Option<usize>,
}

impl ParseFailure {
    /// Returns the complete answer of the model.
    #[doc(alias = "llm_output")]
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// Returns a description of what was expected.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Returns the byte offset at which parsing stopped. `None` if the answer as a whole does not fit.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// Returns the line of that offset, from 1.
    pub fn line(&self) -> Option<usize> {
        Some(self.before()?.matches('\n').count() + 1)
    }

    /// Returns the column of that offset in characters, from 1.
    pub fn column(&self) -> Option<usize> {
        Some(self.before()?.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
    }

    /// Creates the failure of an answer that does not fit as a whole.
    pub(super) fn whole(answer: &str, expected: &'static str) -> Self {
        Self { answer: answer.to_owned(), expected: expected.into(), offset: None }
    }

    fn before(&self) -> Option<&str> {
        self.offset.map(|offset| &self.answer[..boundary(&self.answer, offset)])
    }

    fn message(&self, what: &str) -> String {
        let Self { answer, expected, .. } = self;
        match (self.before(), self.line(), self.column()) {
            _ if answer.trim().is_empty() => {
                format!("invalid {what} output: expected {expected}, but the answer is empty")
            }
            (Some(before), Some(line), Some(column)) => format!(
                "invalid {what} output: expected {expected}, found {} at line {line}, column {column} of: {}",
                found(&answer[before.len()..]),
                excerpt(answer, before.len())
            ),
            _ => format!("invalid {what} output: expected {expected} in: {}", excerpt(answer, 0)),
        }
    }
}

/// Truncates a long answer.
impl fmt::Debug for ParseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseFailure")
            .field("answer", &excerpt(&self.answer, self.offset.unwrap_or(0)))
            .field("expected", &self.expected)
            .field("offset", &self.offset)
            .finish()
    }
}

/// Creates the error for an answer that is not a valid `what` from a byte offset on.
pub(crate) fn failed_at(
    what: &str,
    answer: &str,
    offset: usize,
    expected: impl Into<Cow<'static, str>>,
) -> Error {
    error(
        what,
        ParseFailure { answer: answer.to_owned(), expected: shortened(expected), offset: Some(offset) },
    )
}

/// Creates the error for an answer that as a whole is not a valid `what`.
pub(crate) fn failed(what: &str, answer: &str, expected: impl Into<Cow<'static, str>>) -> Error {
    error(what, ParseFailure { answer: answer.to_owned(), expected: shortened(expected), offset: None })
}

fn shortened(expected: impl Into<Cow<'static, str>>) -> Cow<'static, str> {
    let expected = expected.into();
    match expected.len() > EXPECTED {
        true => format!("{}…", &expected[..boundary(&expected, EXPECTED)]).into(),
        false => expected,
    }
}

fn error(what: &str, failure: ParseFailure) -> Error {
    Error::new(ErrorKind::Parse, failure.message(what)).with_parse_failure(failure)
}

/// Describes the character found at the position.
fn found(rest: &str) -> Cow<'static, str> {
    match rest.chars().next() {
        Some(found) if found.is_control() => format!("`{}`", found.escape_default()).into(),
        Some(found) => format!("`{found}`").into(),
        None => "the end of the input".into(),
    }
}

/// Returns the text, or for a long one the part around the byte `at`.
fn excerpt(text: &str, at: usize) -> String {
    let at = at.min(text.len());
    let from = if at <= AROUND * 2 { 0 } else { boundary(text, at - AROUND) };
    let to = if text.len() - at <= AROUND * 2 { text.len() } else { boundary(text, at + AROUND) };
    let dots = |cut| if cut { "…" } else { "" };
    format!("{}{}{}", dots(from > 0), &text[from..to], dots(to < text.len()))
}

/// Rounds a byte offset down to a character boundary.
pub(crate) fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &Error, expected: &str) {
        assert_eq!(error.message(), expected);
        assert!(error.parse_failure().is_some());
    }

    #[test]
    fn errors_say_where_what_and_what_instead() {
        check(
            &failed_at("JSON", "[1, x]", 4, "a value"),
            "invalid JSON output: expected a value, found `x` at line 1, column 5 of: [1, x]",
        );
        check(
            &failed_at("XML", "é\n\u{1}", 3, "a tag"),
            "invalid XML output: expected a tag, found `\\u{1}` at line 2, column 1 of: é\n\u{1}",
        );
        check(
            &failed_at("XML", "<a>", 9, "`</a>`"),
            "invalid XML output: expected `</a>`, found the end of the input at line 1, column 4 of: <a>",
        );
        check(&failed("enum", "mauve", "`red`"), "invalid enum output: expected `red` in: mauve");
        check(&failed("enum", " ", "`red`"), "invalid enum output: expected `red`, but the answer is empty");
    }

    #[test]
    fn what_is_expected_is_bounded() {
        let error = failed("enum", "x", "ö".repeat(100_000));
        assert!(error.message().len() < 2_100 && error.message().contains("ö… in: x"), "{error}");
    }

    #[test]
    fn the_text_of_an_error_is_bounded_and_the_answer_is_whole() {
        let answer = "ö".repeat(100_000);
        for offset in [0, 1, 100_000, 100_001, 200_000] {
            let error = failed_at("JSON", &answer, offset, "a value");
            assert!(error.message().len() < 1000 && format!("{error:?}").len() < 2000, "{offset}");
            assert_eq!(error.parse_failure().map(|failure| failure.answer().len()), Some(200_000));
        }
    }
}
