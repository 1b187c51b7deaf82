//! A parser for comma-separated lists.

use super::FindItems;

/// Parses a list separated by commas or newlines. An item in double quotes may contain both, and a double quote written
/// as `""`. Spaces before an item are ignored. Emits each item as soon as it is complete.
///
/// # Example
/// ```
/// use catena_core::{CommaSeparatedListOutputParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let answer = r#"red, "yellow, but pale", blue"#;
/// assert_eq!(CommaSeparatedListOutputParser.invoke(answer).await?, ["red", "yellow, but pale", "blue"]);
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CommaSeparatedListOutputParser;

impl CommaSeparatedListOutputParser {
    /// Returns the format instructions for the model's prompt.
    pub fn format_instructions(&self) -> &'static str {
        "Answer with a list of comma separated values, like this: `foo, bar, baz` or `foo,bar,baz`"
    }
}

super::list_parser!(
    "langchain",
    CommaSeparatedListOutputParser,
    Fields { field: String::new(), place: Place::Line }
);

/// Finds the fields of comma-separated values.
struct Fields {
    field: String,
    place: Place,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// At the start of a line; an empty line has no item.
    Line,
    /// Before an item.
    Before,
    /// In an item.
    Plain,
    /// In double quotes.
    Quoted,
    /// After a double quote within quotes: the closing quote, or the first half of an escaped one.
    Quote,
}

impl FindItems for Fields {
    fn character(&mut self, character: char) -> Option<String> {
        let at_begin = matches!(self.place, Place::Line | Place::Before);
        match character {
            '"' if at_begin => self.place = Place::Quoted,
            '"' if self.place == Place::Quoted => self.place = Place::Quote,
            _ if self.place == Place::Quoted => self.field.push(character),
            ' ' if at_begin => self.place = Place::Before,
            ',' => return self.complete(Place::Before),
            '\n' | '\r' if self.place == Place::Line => {}
            '\n' | '\r' => return self.complete(Place::Line),
            _ => {
                self.place =
                    if self.place == Place::Quote && character == '"' { Place::Quoted } else { Place::Plain };
                self.field.push(character);
            }
        }
        None
    }

    fn end(&mut self) -> Option<String> {
        // An answer truncated within quotes still has its last item.
        if self.place == Place::Line { None } else { self.complete(Place::Line) }
    }
}

impl Fields {
    fn complete(&mut self, next: Place) -> Option<String> {
        self.place = next;
        Some(std::mem::take(&mut self.field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        super::super::check(CommaSeparatedListOutputParser, text, expected);
    }

    #[test]
    fn items() {
        check("", &[]);
        check("foo, bar,  baz ", &["foo", "bar", "baz "]);
        check(r#"foo, "a, b", baz"#, &["foo", "a, b", "baz"]);
        check(r#""say ""hi""", x"#, &[r#"say "hi""#, "x"]);
        check("a, b\r\nc, d\n\n", &["a", "b", "c", "d"]);
        check("a, b,", &["a", "b", ""]);
        check("a, \"b, c", &["a", "b, c"]);
        check("\"a\nb\", c", &["a\nb", "c"]);
        check(r#"a "b" c, "d" e"#, &[r#"a "b" c"#, "d e"]);
        check(",", &["", ""]);
        check(" ", &[""]);
        check("a,\"", &["a", ""]);
        check("a,\n b", &["a", "", "b"]);
        check(r#""x"  , y"#, &["x  ", "y"]);
    }
}
