//! A parser for one of several options.

use super::character::is_space;
use super::failure::failed;
use super::whole::whole_parser;
use crate::{Chunk, OutputParser, Result};

/// Parses an answer that is one of several words, and returns the value of that word. Surrounding white space is
/// ignored; matching is case-sensitive.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer and the options, for any other answer.
///
/// # Example
/// ```
/// use catena_core::{Chunk, EnumOutputParser, OutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// #[derive(Debug, Clone, PartialEq)]
/// enum Mood {
///     Good,
///     Bad,
/// }
/// impl Chunk for Mood {}
///
/// let parser = EnumOutputParser::new([("good", Mood::Good), ("bad", Mood::Bad)]);
/// assert_eq!(parser.invoke(" good\n").await?, Mood::Good);
/// assert_eq!(parser.format_instructions(), "Answer with one of these, and nothing else: good, bad");
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct EnumOutputParser<T> {
    options: Vec<(String, T)>,
}

impl<T: Chunk> EnumOutputParser<T> {
    /// Creates a parser from words and their values. If a word is given twice, its first value is used.
    pub fn new<S: Into<String>>(options: impl IntoIterator<Item = (S, T)>) -> Self {
        Self { options: options.into_iter().map(|(word, value)| (word.into(), value)).collect() }
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when it is not one of the options.
    pub fn parse(&self, answer: &str) -> Result<T> {
        let word = answer.trim_matches(is_space);
        match self.options.iter().find(|(option, _)| option == word) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(failed("enum", answer, format!("one of {}", self.words("`", "`, `", "`")))),
        }
    }

    fn words(&self, before: &str, between: &str, after: &str) -> String {
        let words: Vec<&str> = self.options.iter().map(|(word, _)| word.as_str()).collect();
        format!("{before}{}{after}", words.join(between))
    }
}

/// Words that are their own values.
impl<S: Into<String>> FromIterator<S> for EnumOutputParser<String> {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        Self::new(words.into_iter().map(Into::into).map(|word: String| (word.clone(), word)))
    }
}

whole_parser!(impl [T: Chunk] EnumOutputParser<T> => T);

impl<T: Chunk> OutputParser for EnumOutputParser<T> {
    fn format_instructions(&self) -> String {
        self.words("Answer with one of these, and nothing else: ", ", ", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: Option<&str>) {
        let parser: EnumOutputParser<String> = ["red", "dark blue", "red"].into_iter().collect();
        assert_eq!(parser.parse(answer).ok().as_deref(), expected, "{answer:?}");
    }

    #[test]
    fn answers() {
        check("red", Some("red"));
        check("\u{1c} dark blue\r\n", Some("dark blue"));
        check("Red", None);
        check("dark  blue", None);
        check("", None);
    }

    #[test]
    fn the_error_names_the_options() {
        let parser = EnumOutputParser::new([("a", 1), ("b", 2)]);
        let error = parser.parse("c").expect_err("no option");
        assert_eq!(error.message(), "invalid enum output: expected one of `a`, `b` in: c");
    }
}
