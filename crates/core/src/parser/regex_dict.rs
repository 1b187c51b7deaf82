//! A parser for labelled values.

use super::character::is_space;
use super::failure::failed;
use super::whole::whole_parser;
use crate::{OutputParser, Record, Result};

/// Parses values that follow labels, such as `Action: search`. Each value extends to the next period, apostrophe or
/// newline.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer, when a label is missing or occurs more than once.
///
/// # Example
/// ```
/// use catena_core::{RegexDictParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let parser = RegexDictParser::new([("action", "Action"), ("input", "Action Input")]);
/// let record = parser.invoke("Action: Search\nAction Input: cats.").await?;
/// assert_eq!(record.get("input"), Some(&"cats".into()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RegexDictParser {
    labels: Vec<(String, String)>,
    no_update: Option<String>,
}

impl RegexDictParser {
    /// Creates a parser from pairs of a name in the result and its label in the answer.
    #[doc(alias = "output_key_to_format")]
    pub fn new<N: Into<String>, L: Into<String>>(labels: impl IntoIterator<Item = (N, L)>) -> Self {
        let labels = labels.into_iter().map(|(name, label)| (name.into(), label.into())).collect();
        Self { labels, no_update: None }
    }

    /// Sets the value that stands for none: a name with this value is omitted from the result.
    #[must_use]
    pub fn with_no_update_value(mut self, value: impl Into<String>) -> Self {
        self.no_update = Some(value.into());
        self
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when a label is missing or occurs more than once.
    pub fn parse(&self, answer: &str) -> Result<Record> {
        let mut record = Record::new();
        for (name, label) in &self.labels {
            let mut values = values(label, answer);
            let expected = |how: &str| format!("a value for `{name}` after `{label}:`{how}");
            let value = values.next().ok_or_else(|| failed("labelled", answer, expected("")))?;
            if values.next().is_some() {
                return Err(failed("labelled", answer, expected(" exactly once")));
            }
            if self.no_update.as_deref() != Some(value) {
                record.insert(name, value);
            }
        }
        Ok(record)
    }
}

whole_parser!(RegexDictParser => Record);

impl OutputParser for RegexDictParser {
    fn format_instructions(&self) -> String {
        let lines: Vec<String> =
            self.labels.iter().map(|(name, label)| format!("{label}: <{name}>")).collect();
        format!("Answer with these lines, and a value in each:\n{}", lines.join("\n"))
    }
}

/// Returns the values that follow a label.
fn values<'a>(label: &str, answer: &'a str) -> impl Iterator<Item = &'a str> {
    let label = format!("{label}:");
    let mut rest = answer;
    std::iter::from_fn(move || {
        let behind = &rest[rest.find(&label)? + label.len()..];
        let value = behind.strip_prefix(is_space).unwrap_or(behind);
        let length = value.find(['.', '\'', '\n']).unwrap_or(value.len());
        rest = &value[length..];
        Some(&value[..length])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: &[(&str, &str)]) {
        let parser = RegexDictParser::new([("a", "A"), ("b", "B (b)")]).with_no_update_value("N/A");
        let expected: Record = expected.iter().copied().collect();
        assert_eq!(parser.parse(answer).expect("values"), expected, "{answer:?}");
    }

    #[test]
    fn values_behind_labels() {
        check("A: x\nB (b): y z.", &[("a", "x"), ("b", "y z")]);
        check("B (b):y. And A:  x.", &[("b", "y"), ("a", " x")]);
        check("A:\nx\nB (b): ", &[("a", "x"), ("b", "")]);
        check("A: it's, B (b): N/A", &[("a", "it")]);
    }

    #[track_caller]
    fn check_error(answer: &str, expected: &str) {
        let error = RegexDictParser::new([("a", "A")]).parse(answer).expect_err("no value");
        assert_eq!(error.message(), expected);
    }

    #[test]
    fn labels_that_are_missing_or_there_twice() {
        check_error("B: 1", "invalid labelled output: expected a value for `a` after `A:` in: B: 1");
        check_error(
            "A: 1. A: 2",
            "invalid labelled output: expected a value for `a` after `A:` exactly once in: A: 1. A: 2",
        );
    }
}
