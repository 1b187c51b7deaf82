//! What is wrong with an answer that a parser cannot read.

use std::borrow::Cow;
use std::fmt;

use crate::{Error, ErrorKind};

/// How many bytes of an answer are shown before and behind the place where reading it failed.
const AROUND: usize = 200;

/// How many bytes are kept of what was expected: an application may know very many names.
const EXPECTED: usize = 2_000;

/// What a parser saw, where it stopped and what it expected there: part of an error of the kind
/// [`Parse`](ErrorKind::Parse), see [`Error::parse_failure`]. Of the kind [`Refusal`](ErrorKind::Refusal), the words of the
/// model that refused.
///
/// The error's text shows the part of the answer around the place; this has the whole answer, to ask the model again or
/// to keep it.
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
    /// What was read: the model's words, whole.
    #[doc(alias = "llm_output")]
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// What should have been there.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// The byte of the answer where reading stopped. `None` when it is the answer as a whole that does not fit.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The line of that byte, from 1.
    pub fn line(&self) -> Option<usize> {
        Some(self.before()?.matches('\n').count() + 1)
    }

    /// The character of that byte within its line, from 1.
    pub fn column(&self) -> Option<usize> {
        Some(self.before()?.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
    }

    /// An answer that as a whole is not what was expected.
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

/// With the beginning of a long answer.
impl fmt::Debug for ParseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseFailure")
            .field("answer", &excerpt(&self.answer, self.offset.unwrap_or(0)))
            .field("expected", &self.expected)
            .field("offset", &self.offset)
            .finish()
    }
}

/// The error for an answer that stops being `what` at a byte.
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

/// The error for an answer that is not `what` as a whole.
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

/// The character that stands there instead.
fn found(rest: &str) -> Cow<'static, str> {
    match rest.chars().next() {
        Some(found) if found.is_control() => format!("`{}`", found.escape_default()).into(),
        Some(found) => format!("`{found}`").into(),
        None => "the end of the input".into(),
    }
}

/// The text, or the part around the byte `at` of a long one.
fn excerpt(text: &str, at: usize) -> String {
    let at = at.min(text.len());
    let from = if at <= AROUND * 2 { 0 } else { boundary(text, at - AROUND) };
    let to = if text.len() - at <= AROUND * 2 { text.len() } else { boundary(text, at + AROUND) };
    let dots = |cut| if cut { "…" } else { "" };
    format!("{}{}{}", dots(from > 0), &text[from..to], dots(to < text.len()))
}

/// The byte, or the first one before it where a character begins.
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
