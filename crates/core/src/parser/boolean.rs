//! A parser for booleans.

use super::character::is_word;
use super::failure::failed;
use super::whole::whole_parser;
use crate::{OutputParser, Result};

/// Parses an answer that contains a word for true or a word for false: `YES` and `NO` unless
/// [changed](BooleanOutputParser::with_words). Matching is case-insensitive and by whole words.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer, when it contains neither word or both.
///
/// # Example
/// ```
/// use catena_core::{BooleanOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let parser = BooleanOutputParser::new();
/// assert!(parser.invoke("**Yes**, it is.").await?);
/// assert!(parser.invoke("Nothing yesterday.").await.is_err());
/// assert!(!parser.with_words("relevant", "irrelevant").invoke("Irrelevant").await?);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct BooleanOutputParser {
    yes: String,
    no: String,
}

impl Default for BooleanOutputParser {
    fn default() -> Self {
        Self { yes: "YES".to_owned(), no: "NO".to_owned() }
    }
}

impl BooleanOutputParser {
    /// Creates a parser for `YES` and `NO`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the words for true and false.
    #[must_use]
    #[doc(alias = "true_val")]
    #[doc(alias = "false_val")]
    pub fn with_words(mut self, yes: impl Into<String>, no: impl Into<String>) -> Self {
        (self.yes, self.no) = (yes.into(), no.into());
        self
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when it contains neither word or both.
    pub fn parse(&self, answer: &str) -> Result<bool> {
        let Self { yes, no } = self;
        match self.found(answer) {
            (true, false) => Ok(true),
            (false, true) => Ok(false),
            (true, true) => {
                Err(failed("boolean", answer, format!("either `{yes}` or `{no}`, but not both,")))
            }
            (false, false) => Err(failed("boolean", answer, format!("`{yes}` or `{no}`"))),
        }
    }

    /// Returns which of the words occur in the answer. Matches do not overlap.
    fn found(&self, answer: &str) -> (bool, bool) {
        let (mut yes, mut no) = (false, false);
        let (mut before, mut rest) = (None, answer);
        while let Some(character) = rest.chars().next() {
            let words = [(&self.yes, &mut yes), (&self.no, &mut no)];
            let found = words.into_iter().find_map(|(word, found)| {
                let length = stands_at_begin(word, before, rest)?;
                *found = true;
                Some(length)
            });
            let length = found.unwrap_or(character.len_utf8());
            before = rest[..length].chars().next_back();
            rest = &rest[length..];
        }
        let same = (yes || no) && self.yes.to_uppercase() == self.no.to_uppercase();
        (yes || same, no || same)
    }
}

whole_parser!(BooleanOutputParser => bool);

impl OutputParser for BooleanOutputParser {
    fn format_instructions(&self) -> String {
        format!("Answer with one word, {} or {}.", self.yes, self.no)
    }
}

/// Returns the length in bytes of a word at the start of the text, if it is there and not part of a longer word.
fn stands_at_begin(word: &str, before: Option<char>, text: &str) -> Option<usize> {
    let mut rest = text.chars();
    for wanted in word.chars() {
        let got = rest.next()?;
        if got != wanted && !got.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    let after = rest.as_str();
    let bounds =
        |left: Option<char>, right: Option<char>| left.is_some_and(is_word) != right.is_some_and(is_word);
    let stands = bounds(before, text.chars().next())
        && bounds(word.chars().next_back(), after.chars().next())
        && !word.is_empty();
    stands.then_some(text.len() - after.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(yes: &str, no: &str, answer: &str, expected: Option<bool>) {
        let parser = BooleanOutputParser::new().with_words(yes, no);
        assert_eq!(parser.parse(answer).ok(), expected, "{answer:?}");
    }

    #[test]
    fn answers() {
        let check_words = |answer, expected| check("YES", "NO", answer, expected);
        check_words("YES", Some(true));
        check_words("no.", Some(false));
        check_words("Yes, yes: YES!", Some(true));
        check_words("yes and no", None);
        check_words("nothing yesterday", None);
        check_words("yes_no éyes yes1", None);
        check_words("(no)\nyesé", Some(false));
        check_words("", None);
        check("TRUE", "FALSE", "the answer is true", Some(true));
        check("Ja", "Nein", "nein!", Some(false));
        check("OUI", "OUI", "oui", None);
        check("YES", "YES SIR", "yes sir", Some(true));
        check("", "NO", "no", Some(false));
        check("+", "-", "a+b", Some(true));
        check("+", "-", "a + b", None);
        check("ÄH", "ÖH", "öh", Some(false));
    }
}
