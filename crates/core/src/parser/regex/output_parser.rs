//! A parser based on a regular expression.

use fancy_regex::Regex;

use super::python_syntax::translate;
use crate::parser::failure::failed;
use crate::parser::whole::whole_parser;
use crate::{Data, Error, ErrorKind, OutputParser, Record, Result};

/// Matches an answer against a regular expression and returns its groups, each under a name.
///
/// The expression is in Python's syntax, with look-around and backreferences. The first match is used. A search that
/// backtracks more than a million times fails, so that no answer can block the program for long.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer, when nothing in it matches and there is no
/// [default](RegexParser::with_default_output_key).
///
/// # Example
/// ```
/// use catena_core::{RegexParser, RunnableExt};
/// # futures_executor::block_on(async {
/// let parser = RegexParser::new(r"Score: (\d+)\s+Reason: (.*)", ["score", "reason"])?;
/// let record = parser.invoke("Well.\nScore: 7\nReason: good stuff").await?;
/// assert_eq!(record.get("score"), Some(&"7".into()));
/// assert_eq!(record.get("reason"), Some(&"good stuff".into()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct RegexParser {
    pattern: String,
    regex: Regex,
    output_keys: Vec<String>,
    default_output_key: Option<String>,
}

impl RegexParser {
    /// Creates a parser from an expression and the names of its groups, in order.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) when the expression is malformed or has fewer groups than there are names.
    pub fn new<S: Into<String>>(
        pattern: impl Into<String>,
        output_keys: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let pattern = pattern.into();
        let output_keys: Vec<String> = output_keys.into_iter().map(Into::into).collect();
        let regex = Regex::new(&translate(&pattern)).map_err(|error| {
            let message = format!("the regular expression `{pattern:.200}` is malformed: {error:.200}");
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        let groups = regex.captures_len().saturating_sub(1);
        if groups < output_keys.len() {
            let message = format!(
                "the regular expression `{pattern:.200}` has {groups} groups, too few for {} output keys",
                output_keys.len()
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Self { pattern, regex, output_keys, default_output_key: None })
    }

    /// Sets the name under which the whole answer is returned if nothing matches; the other names then have empty
    /// texts.
    #[must_use]
    pub fn with_default_output_key(mut self, key: impl Into<String>) -> Self {
        self.default_output_key = Some(key.into());
        self
    }

    /// Parses a complete answer. A group that did not participate in the match gives `Null`.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when nothing matches and there is no default.
    pub fn parse(&self, answer: &str) -> Result<Record> {
        let found = self.regex.captures(answer).map_err(|error| {
            let expected =
                format!("a match of `{:.200}` within the limit of backtracking steps", self.pattern);
            failed("regex", answer, expected).with_source(error)
        })?;
        match (found, &self.default_output_key) {
            (Some(found), _) => {
                let group = |index| found.get(index).map_or(Data::Null, |group| group.as_str().into());
                Ok(self.output_keys.iter().enumerate().map(|(index, key)| (key, group(index + 1))).collect())
            }
            (None, Some(default)) => {
                let text = |key: &String| if key == default { answer } else { "" };
                Ok(self.output_keys.iter().map(|key| (key, text(key))).collect())
            }
            (None, None) => Err(failed("regex", answer, format!("a match of `{:.200}`", self.pattern))),
        }
    }
}

whole_parser!(RegexParser => Record);

impl OutputParser for RegexParser {
    fn format_instructions(&self) -> String {
        format!("Answer with text that matches this regular expression: {}", self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, keys: &[&str], answer: &str, expected: Result<&str, &str>) {
        let parsed = RegexParser::new(pattern, keys.iter().copied()).and_then(|parser| parser.parse(answer));
        let parsed = parsed.map(|record| serde_json::to_string(&record).expect("JSON"));
        let parsed = parsed.map_err(|error| error.message().to_owned());
        assert_eq!(parsed.as_deref().map_err(String::as_str), expected, "{pattern}");
    }

    #[test]
    fn answers() {
        check("b(.)|(a)", &["x", "y"], "a", Ok(r#"{"x":null,"y":"a"}"#));
        check("(a)(b)", &["x"], "ab", Ok(r#"{"x":"a"}"#));
        check("(a)", &["x"], "b", Err("invalid regex output: expected a match of `(a)` in: b"));
        check(
            "(a)",
            &["x", "y"],
            "a",
            Err("the regular expression `(a)` has 1 groups, too few for 2 output keys"),
        );
    }

    #[test]
    fn the_default_has_the_whole_answer() {
        let parser = RegexParser::new("(a)(b)", ["x", "y"]).expect("good").with_default_output_key("y");
        assert_eq!(parser.parse("no").expect("a default"), Record::from_iter([("x", ""), ("y", "no")]));
    }

    #[test]
    fn a_malformed_expression_and_an_endless_search_are_errors() {
        let malformed = RegexParser::new("(", ["x"]).expect_err("malformed");
        assert_eq!(malformed.kind(), ErrorKind::Config);
        let endless = RegexParser::new(r"(x+x+)+(?=y)\1", ["x"]).expect("good").parse(&"x".repeat(60));
        let endless = endless.expect_err("too many steps");
        assert_eq!(endless.kind(), ErrorKind::Parse);
        assert!(endless.message().contains("within the limit of backtracking steps"), "{endless}");
    }
}
