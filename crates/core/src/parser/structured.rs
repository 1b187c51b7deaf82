//! A parser for an object with specified members.

use super::failure::failed;
use super::json::parse_markdown_data;
use super::whole::whole_parser;
use crate::{Data, OutputParser, Record, Result};

/// A required member of an answer. See [`StructuredOutputParser`].
///
/// # Example
/// ```
/// use catena_core::ResponseSchema;
/// let sources = ResponseSchema::new("sources", "where it says so").with_type("list of strings");
/// # let _ = sources;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseSchema {
    name: String,
    description: String,
    type_name: String,
}

impl ResponseSchema {
    /// Describes a string member with this name and description.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), type_name: "string".to_owned() }
    }

    /// Sets the type of the value, in words for the model.
    #[must_use]
    pub fn with_type(mut self, type_name: impl Into<String>) -> Self {
        self.type_name = type_name.into();
        self
    }
}

/// Parses an answer that is a JSON object, optionally in a code fence, and checks that it has all required members.
/// Their types are stated in the format instructions but not checked; additional members are kept.
///
/// # Errors
/// [`Parse`](crate::ErrorKind::Parse) with the answer, when it is not JSON, not an object, or lacks a member.
///
/// # Example
/// ```
/// use catena_core::{OutputParser, ResponseSchema, RunnableExt, StructuredOutputParser};
/// # futures_executor::block_on(async {
/// let parser = StructuredOutputParser::new([
///     ResponseSchema::new("answer", "the answer"),
///     ResponseSchema::new("sources", "where it says so").with_type("list of strings"),
/// ]);
/// assert!(parser.format_instructions().contains("\"sources\": list of strings  // where it says so"));
/// let record = parser.invoke("```json\n{\"answer\": \"42\", \"sources\": []}\n```").await?;
/// assert_eq!(record.get("answer"), Some(&"42".into()));
/// # Ok::<(), catena_core::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct StructuredOutputParser {
    schemas: Vec<ResponseSchema>,
}

impl StructuredOutputParser {
    /// Creates a parser for an object with these members.
    #[doc(alias = "from_response_schemas")]
    pub fn new(schemas: impl IntoIterator<Item = ResponseSchema>) -> Self {
        Self { schemas: schemas.into_iter().collect() }
    }

    /// Parses a complete answer.
    ///
    /// # Errors
    /// [`Parse`](crate::ErrorKind::Parse) when it is not JSON, not an object, or lacks a member.
    pub fn parse(&self, answer: &str) -> Result<Record> {
        let Data::Record(record) = parse_markdown_data(answer)? else {
            return Err(failed("JSON", answer, "an object"));
        };
        match self.schemas.iter().find(|schema| !record.contains(&schema.name)) {
            None => Ok(record),
            Some(schema) => {
                Err(failed("JSON", answer, format!("an object with the member `{}`", schema.name)))
            }
        }
    }
}

whole_parser!(StructuredOutputParser => Record);

impl OutputParser for StructuredOutputParser {
    fn format_instructions(&self) -> String {
        let member = |schema: &ResponseSchema| {
            format!("\t\"{}\": {}  // {}\n", schema.name, schema.type_name, schema.description)
        };
        let members: String = self.schemas.iter().map(member).collect();
        format!(
            "Answer with a JSON object in a Markdown code block, from \"```json\" to \"```\", of this form:\n\n\
             ```json\n{{\n{members}}}\n```"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: Result<&str, &str>) {
        let parser =
            StructuredOutputParser::new([ResponseSchema::new("b", "one"), ResponseSchema::new("a", "two")]);
        let parsed = parser.parse(answer).map_err(|error| error.message().to_owned());
        let parsed = parsed.map(|record| serde_json::to_string(&record).expect("JSON"));
        assert_eq!(parsed.as_deref().map_err(String::as_str), expected, "{answer:?}");
    }

    #[test]
    fn answers() {
        check(r#"{"b": 1, "a": null}"#, Ok(r#"{"b":1,"a":null}"#));
        check("So:\n```json\n{\"z\": [], \"a\": 1, \"b\": 2}\n```", Ok(r#"{"z":[],"a":1,"b":2}"#));
        check(
            r#"{"b": 1}"#,
            Err("invalid JSON output: expected an object with the member `a` in: {\"b\": 1}"),
        );
        check("[1]", Err("invalid JSON output: expected an object in: [1]"));
        check("oops", Err("invalid JSON output: expected a value, found `o` at line 1, column 1 of: oops"));
    }
}
