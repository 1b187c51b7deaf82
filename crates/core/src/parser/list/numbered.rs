//! A parser for numbered lists.

use super::marked::{Mark, Marked};
use crate::parser::character::is_digit;

/// Parses a numbered list: a number, a period and one white space character, followed by the item up to the end of the
/// line. Other text is skipped. Emits each item as soon as its line is complete.
///
/// # Example
/// ```
/// use catena_core::{NumberedListOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let answer = "Of course:\n\n1. milk\n2. bread";
/// assert_eq!(NumberedListOutputParser.invoke(answer).await?, ["milk", "bread"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NumberedListOutputParser;

impl NumberedListOutputParser {
    /// Returns the format instructions for the model's prompt.
    pub fn format_instructions(&self) -> &'static str {
        "Answer with a numbered list, each item on a line of its own, like this:\n\n1. foo\n\n2. bar\n\n3. baz"
    }
}

super::list_parser!("langchain_core", NumberedListOutputParser, Marked::new(Number { digits: false }));

/// Digits and a period, anywhere in the text.
struct Number {
    digits: bool,
}

impl Mark for Number {
    fn ends_with(&mut self, character: char) -> bool {
        let had_digits = std::mem::replace(&mut self.digits, is_digit(character));
        had_digits && character == '.'
    }

    fn reset(&mut self) {
        self.digits = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        super::super::check(NumberedListOutputParser, text, expected);
    }

    #[test]
    fn items() {
        check("", &[]);
        check("no list", &[]);
        check("Shopping:\n\n1. milk\n2. bread\n\n3. salt", &["milk", "bread", "salt"]);
        check("  10. ten\r\n  11. eleven", &["ten\r", "eleven"]);
        check("1) foo\n2. bar", &["bar"]);
        check("1.foo 2.  bar 3. baz\n", &[" bar 3. baz"]);
        check("version 1.2. 3 é", &["3 é"]);
        check("1. \n2. a\n3.", &["a"]);
        check("1.\nfoo\n1.\n2. bar\n1..  x", &["foo", "2. bar"]);
        check("٣. three\nx². no", &["three"]);
    }
}
