//! A parser for Markdown lists.

use super::marked::{Mark, Marked};
use crate::parser::character::is_space;

/// Parses a Markdown list: at the start of a line, a dash or asterisk and one white space character, followed by the
/// item up to the end of the line. Other text is skipped. Emits each item as soon as its line is complete.
///
/// # Example
/// ```
/// use catena_core::{MarkdownListOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let answer = "To do:\n- wash\n- cook";
/// assert_eq!(MarkdownListOutputParser.invoke(answer).await?, ["wash", "cook"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MarkdownListOutputParser;

impl MarkdownListOutputParser {
    /// Returns the format instructions for the model's prompt.
    pub fn format_instructions(&self) -> &'static str {
        "Answer with a Markdown list, like this:\n- foo\n- bar\n- baz"
    }
}

super::list_parser!("langchain_core", MarkdownListOutputParser, Marked::new(Bullet { begins_line: true }));

/// A dash or asterisk preceded only by white space since the start of a line.
struct Bullet {
    begins_line: bool,
}

impl Mark for Bullet {
    fn ends_with(&mut self, character: char) -> bool {
        let bullet = self.begins_line && matches!(character, '-' | '*');
        self.begins_line = character == '\n' || (self.begins_line && is_space(character));
        bullet
    }

    fn reset(&mut self) {
        self.begins_line = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        super::super::check(MarkdownListOutputParser, text, expected);
    }

    #[test]
    fn items() {
        check("", &[]);
        check("text - no item", &[]);
        check("To do:\n- wash\n* cook\n\n\t- sleep\n", &["wash", "cook", "sleep"]);
        check("-foo\n- bar\n-- no\n**no**", &["bar"]);
        check("-  a - b", &[" a - b"]);
        check("- \n- a\n-", &["a"]);
        check("-\nfoo\n-\n- bar\n-\n\n- baz", &["foo", "- bar", "baz"]);
    }
}
