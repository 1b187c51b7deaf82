//! A parser that combines several parsers for one answer.

use async_trait::async_trait;

use super::character::is_space;
use super::failure::failed;
use crate::{
    Context, Data, DynOutputParser, Error, ErrorKind, OutputParser, Record, Result, RunKind, Runnable,
};

/// Parses an answer of several paragraphs, each with its own parser, and combines their results.
///
/// Paragraphs are separated by blank lines. The first parser reads the first paragraph, and so on; surplus paragraphs
/// and surplus parsers are ignored. Each parser must return named values; if several return the same name, the last
/// value is used.
///
/// # Errors
/// Those of the parsers, and [`Parse`](crate::ErrorKind::Parse) when one of them returns anything but named values.
///
/// # Example
/// ```
/// use catena_core::{
///     CombiningOutputParser, DynOutputParser, RegexDictParser, ResponseSchema, RunnableExt, StructuredOutputParser,
/// };
/// # futures_executor::block_on(async {
/// let answer = StructuredOutputParser::new([ResponseSchema::new("answer", "the answer")]);
/// let confidence = RegexDictParser::new([("confidence", "Confidence")]);
/// let parser = CombiningOutputParser::new([DynOutputParser::new(answer), DynOutputParser::new(confidence)])?;
/// let record = parser.invoke("{\"answer\": \"Paris\"}\n\nConfidence: A").await?;
/// assert_eq!(record.get("answer"), Some(&"Paris".into()));
/// assert_eq!(record.get("confidence"), Some(&"A".into()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct CombiningOutputParser {
    parsers: Vec<DynOutputParser>,
}

impl CombiningOutputParser {
    /// Creates a parser for as many paragraphs as there are parsers.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) when there are fewer than two.
    pub fn new(parsers: impl IntoIterator<Item = DynOutputParser>) -> Result<Self> {
        let parsers: Vec<_> = parsers.into_iter().collect();
        if parsers.len() < 2 {
            let message = format!("a combining parser needs at least two parsers, got {}", parsers.len());
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Self { parsers })
    }
}

#[async_trait]
impl Runnable for CombiningOutputParser {
    type Input = String;
    type Output = Record;

    async fn call(&self, answer: String, cx: &Context) -> Result<Record> {
        let mut record = Record::new();
        for (parser, paragraph) in self.parsers.iter().zip(answer.split("\n\n")) {
            let paragraph = paragraph.trim_matches(is_space);
            match parser.call(paragraph.into(), cx).await?.into_plain() {
                Data::Record(values) => record.extend(values),
                other => {
                    let expected = format!("a record from {} instead of {}", parser.name(), other.kind());
                    return Err(failed("combined", paragraph, expected));
                }
            }
        }
        Ok(record)
    }

    fn kind(&self) -> RunKind {
        RunKind::Parser
    }
}

crate::impl_pipe!(CombiningOutputParser);

impl OutputParser for CombiningOutputParser {
    fn format_instructions(&self) -> String {
        let parts = self
            .parsers
            .iter()
            .enumerate()
            .map(|(index, parser)| format!("Paragraph {}: {}", index + 1, parser.format_instructions()));
        let parts: Vec<String> = parts.collect();
        format!(
            "Answer with {} paragraphs, one after the other, with an empty line between them.\n\n{}",
            self.parsers.len(),
            parts.join("\n\n")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BooleanOutputParser, RegexDictParser};

    #[track_caller]
    fn check(answer: &str, expected: Result<&str, &str>) {
        let labelled = |name: &str| DynOutputParser::new(RegexDictParser::new([(name, "A")]));
        let boolean = DynOutputParser::new(BooleanOutputParser::new());
        let parser = CombiningOutputParser::new([labelled("x"), labelled("y"), boolean]).expect("enough");
        let parsed = futures_executor::block_on(parser.call(answer.to_owned(), &Context::default()));
        let parsed = parsed.map(|record| serde_json::to_string(&record).expect("JSON"));
        let parsed = parsed.map_err(|error| error.message().to_owned());
        assert_eq!(parsed.as_deref().map_err(String::as_str), expected, "{answer:?}");
    }

    #[test]
    fn paragraphs() {
        check("A: 1\n\n A: 2", Ok(r#"{"x":"1","y":"2"}"#));
        check("A: 1", Ok(r#"{"x":"1"}"#));
        check(
            "A: 1\n\n",
            Err("invalid labelled output: expected a value for `y` after `A:`, but the answer is empty"),
        );
        check(
            "A: 1\n\nA: 2\n\nyes",
            Err(
                "invalid combined output: expected a record from BooleanOutputParser instead of a boolean in: yes",
            ),
        );
    }

    #[test]
    fn one_parser_is_none() {
        let error = CombiningOutputParser::new([]).expect_err("too few");
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
